"""Session folders: what was submitted, and what became of it."""
