from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.wheel.folder import write
from tests.builders.command_line import listed

FILES = {"prj.wheel.json": "{}\n", "train/run.sh": "#!/bin/bash\n"}


def test_scripts_can_be_executed_and_other_files_cannot(tmp_path: Path) -> None:
    write(tmp_path / "new" / "a.wheel", FILES)

    assert ["a.wheel"] == listed(tmp_path / "new")
    modes = {name: (tmp_path / "new" / "a.wheel" / name).stat().st_mode & 0o777 for name in FILES}
    assert {"prj.wheel.json": 0o644, "train/run.sh": 0o755} == modes


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a.wheel"
    folder.mkdir()
    write(folder, FILES)

    with pytest.raises(BadInput, match="is there already"):
        write(folder, {"other": ""})
    assert (["prj.wheel.json", "train"], ["a.wheel"]) == (listed(folder), listed(tmp_path))


@pytest.mark.skipif(os.name != "posix", reason="names of files")
def test_what_cannot_be_written_is_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot write .*a\.wheel"):
        write(tmp_path / "a.wheel", {"first": "", "x" * 300: ""})
    assert [] == listed(tmp_path)
