"""Runs the command `mnist-repro` for `python -m mnist_repro`."""

from mnist_repro.cli import entry

entry()
