"""What these share with tests/end_to_end/pjm."""

from __future__ import annotations

from tests.end_to_end.pjm.conftest import make_project as make_project
from tests.end_to_end.pjm.conftest import project as project
