"""Execution: runs the two components, train and estimate, in this process or in worker processes."""
