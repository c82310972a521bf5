"""Skips itself."""

import pytest

pytest.skip("the whole module", allow_module_level=True)
