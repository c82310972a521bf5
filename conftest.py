"""Joins what the tests of this project are run with."""

from __future__ import annotations

pytest_plugins = ("mnist_repro.pytest_plugin", "pytester")
