"""Tests as PJM batch jobs on Fugaku: a pytest plugin that any project can use."""

__version__ = "0.1.0"
