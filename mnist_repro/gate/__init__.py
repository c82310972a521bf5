"""The gate: samples and stored baselines in, a verdict out."""
