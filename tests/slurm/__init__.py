"""A real Slurm on this machine, from Debian's packages, for tests. `python -m tests.slurm run -- sinfo`."""
