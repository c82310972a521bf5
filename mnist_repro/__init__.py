"""Reproduce published MNIST trainings, and know whether they still give what they gave."""

__version__ = "0.1.0"
