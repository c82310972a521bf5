"""The gate in a pytest session: collects comparisons from test reports, and writes the gate report."""
