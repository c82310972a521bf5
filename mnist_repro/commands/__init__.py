"""The commands of `mnist-repro`, one module each."""
