"""Files on disk: atomic writes, reads within limits, JSON, and locks."""
