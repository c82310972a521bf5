"""Batch systems: the interface to a scheduler, and the host on which its commands run."""
