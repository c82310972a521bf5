"""What these share with tests/pjm_plugin."""

from __future__ import annotations

from pjm_plugin.conftest import project as project
