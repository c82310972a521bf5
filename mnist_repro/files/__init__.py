"""Files on disk: whole or not at all, read within limits, locked."""
