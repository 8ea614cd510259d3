"""What the commands and the library do on disk: read specs, build, check, train. Nothing here prints."""
