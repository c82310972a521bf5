"""A session that has no copy on another machine."""

from __future__ import annotations

from pathlib import Path

from pjm.sessions.mirror import Mirror, NoMirror


def test_without_a_copy_everything_is_there_at_once(tmp_path: Path) -> None:
    mirror: Mirror = NoMirror()

    assert mirror.push([tmp_path])
    assert 12.5 == mirror.as_of(12.5)
    assert not mirror.under_way(tmp_path)
    assert mirror.trouble is None


def test_without_a_copy_nothing_is_pulled(tmp_path: Path) -> None:
    mirror = NoMirror()

    mirror.pull([("job", 0, True)], 1.0)

    assert [] == list(tmp_path.iterdir())
    assert 12.5 == mirror.as_of(12.5)
