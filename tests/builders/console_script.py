"""What pip makes of the entry point `mnist-repro`."""

from mnist_repro.cli import entry

entry()
