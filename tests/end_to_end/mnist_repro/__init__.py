"""Tests of the pytest plugins; a package, so that its conftest.py is told from the one above it."""
