"""Makes `python -m pjm` the same as the command `pjm`."""

from pjm.cli import entry

entry()
