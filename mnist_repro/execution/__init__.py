"""Execution: the two components train and estimate, in this process or in processes of their own."""
