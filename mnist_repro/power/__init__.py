"""Power: planted bugs, and which check catches them."""
