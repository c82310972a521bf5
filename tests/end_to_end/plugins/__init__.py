"""Plugins that people use, each with a small project of its own: run by plain pytest, and as jobs."""
