"""Batch systems: the seam, and what speaks to them."""
