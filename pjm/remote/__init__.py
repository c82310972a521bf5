"""Another machine, reached by ssh, on which the jobs are submitted and run: its commands, and copies of files."""
