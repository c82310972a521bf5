"""Running jobs: the daemon, processes, states, files and statistics."""
