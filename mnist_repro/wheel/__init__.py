"""RIKEN's WHEEL: writes a project that WHEEL opens and runs, and checks a project that it ran."""
