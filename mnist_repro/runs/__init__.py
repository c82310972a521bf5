"""Runs: what a training left behind, as values and as run.json."""
