"""Tests of pjm/remote."""
