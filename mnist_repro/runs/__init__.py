"""Runs: the results of trainings, as values and as run.json files."""
