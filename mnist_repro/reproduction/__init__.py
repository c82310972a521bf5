"""Reproduction: compares runs with published figures, and finds the cause of a difference."""
