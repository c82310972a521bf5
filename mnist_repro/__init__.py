"""Reproduces published MNIST trainings, and checks whether they still give the same results."""

__version__ = "0.2.0"
