"""Baselines: what was measured before, as reviewable files."""
