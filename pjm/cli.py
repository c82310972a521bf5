"""The command line `pjm`."""

from __future__ import annotations

import argparse
import sys
from typing import List, Optional

import pjm


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line; there is nothing to do yet but to say so."""
    parser = argparse.ArgumentParser(
        prog="pjm",
        description="Tests as PJM batch jobs. NOT BUILT YET: this version has no plugin, no emulator and no commands.",
    )
    parser.add_argument("--version", action="version", version=f"pjm {pjm.__version__}")
    parser.parse_args(arguments)
    parser.print_help()
    return 2


def entry() -> None:
    """The console script."""
    sys.exit(main())
