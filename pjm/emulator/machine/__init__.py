"""The emulated machine: its folder, settings, jobs and faults."""
