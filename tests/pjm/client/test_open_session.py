"""What a session begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.client.open_session import local_part


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        *((name, True) for name in ("local", "local/a/b", "shared/../local/a", "link/a", "local/out")),
        *((name, False) for name in ("shared/a", "locally", "local/../shared")),
    ],
)
def test_a_folder_of_this_machine_alone_is_known_by_whatever_name(tmp_path: Path, folder: str, expected: bool) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "link").symlink_to("local")
    (tmp_path / "local" / "out").symlink_to("../shared")  # compute nodes do not see the link

    assert expected == (local_part(tmp_path / folder, [tmp_path / "local"]) is not None)


def test_folders_of_this_machine_alone_are_the_usual_ones() -> None:
    assert [True, True, True, False] == [
        local_part(Path(folder)) is not None
        for folder in ("/tmp", "/var/tmp/x", "/home/../dev/shm", "/home/u00000/.pjm")  # noqa: S108 - to be refused
    ]
