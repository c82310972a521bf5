"""Marks: which resources a test asks for, and which tests it waits for."""
