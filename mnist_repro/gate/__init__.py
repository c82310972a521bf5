"""The gate: compares measured samples with stored baselines and gives a verdict."""
