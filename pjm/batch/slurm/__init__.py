"""Slurm: its commands, states and directives."""
