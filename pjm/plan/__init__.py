"""Plans: from marked tests to jobs, scripts and job folders."""
