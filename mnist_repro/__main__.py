"""`python -m mnist_repro` is `mnist-repro`."""

from mnist_repro.cli import entry

entry()
