"""The client of one session: what it keeps for others."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pjm.client.client import Client
from pjm.follow.watch import Watch
from pjm.sessions import index


def test_how_a_session_ended_is_written_however_soon_after_the_last_time(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    client = Client(pytester.parseconfig("-p", "pjm.plugin", "--fugaku-emulate"))
    client._session = index.create(tmp_path, {"arguments": [], "checkout": {}})
    client._watch = cast(Watch, SimpleNamespace(jobs=[], done=False))
    client._lived = time.time()

    client.pytest_sessionfinish()

    assert (client._session.folder / "jobs.json").exists()
