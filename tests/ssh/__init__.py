"""A login node behind a real sshd on loopback."""
