"""`python -m pjm` is `pjm`."""

from pjm.cli import entry

entry()
