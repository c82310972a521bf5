"""Power: plants bugs in the code, and records which checks catch them."""
