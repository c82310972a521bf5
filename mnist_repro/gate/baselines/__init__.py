"""Baselines: earlier measurements in reviewable files, to which new measurements are compared."""
