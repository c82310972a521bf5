"""The extension of the documentation that puts what the code says into its pages."""

from __future__ import annotations

import importlib
import sys
from typing import Callable, Mapping

from tests.docs.blocks import ROOT

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
_EXTENSION = importlib.import_module("from_code")

GENERATORS: Mapping[str, Callable[[], str]] = _EXTENSION.GENERATORS
expanded: Callable[[str], str] = _EXTENSION.expanded
