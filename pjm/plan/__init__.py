"""Plans: packs marked tests into jobs, and writes the scripts and folders of the jobs."""
