"""The plugin over ssh: bad input, odd shells, files and commands."""
