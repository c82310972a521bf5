"""What these share with tests/end_to_end/pjm."""

from __future__ import annotations

from tests.end_to_end.pjm.conftest import project as project
