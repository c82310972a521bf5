"""Reproduction: runs against published figures, and the cause of a difference."""
