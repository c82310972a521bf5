"""`python -m mnist_repro.gate` is `gate-baselines`."""

from mnist_repro.gate.cli import entry

entry()
