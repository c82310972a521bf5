"""Marks: what a test asks for, and what it waits for."""
