"""The harness: measures recipes, and passes the results to the gate or records them as baselines."""
