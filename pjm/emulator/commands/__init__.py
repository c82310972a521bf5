"""PJM's commands, one module each."""
