"""The language server: what an editor asks about a `.net` file, answered from its tree and its elaboration."""
