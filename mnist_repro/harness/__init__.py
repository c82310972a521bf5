"""The harness: where recipes meet the gate, in pytest and when baselines are recorded."""
