"""Tests as PJM batch jobs on Fugaku: a pytest plugin that any project can use.

PYTEST_DONT_REWRITE: a job imports this package before pytest starts, and pytest would warn of that.
"""

__version__ = "0.2.0"
