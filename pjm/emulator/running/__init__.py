"""Running jobs: the daemon, the processes of jobs, their states, files and statistics."""
