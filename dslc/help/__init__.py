"""What the language can name, described from the definitions themselves: for terminals, pages, editors and programs."""
