"""The gate's part in a pytest session."""
