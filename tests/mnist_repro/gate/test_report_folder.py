from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.markdown import as_markdown
from mnist_repro.gate.report import as_json
from mnist_repro.gate.report_folder import write
from tests.builders.gate_reports import failing, report


def test_both_files_are_written_whole(tmp_path: Path, folder: Path) -> None:
    found = report(failing(folder))

    write(found, tmp_path / "new" / "gate")

    assert {"gate.json", "gate.md"} == {path.name for path in (tmp_path / "new" / "gate").iterdir()}
    assert as_json(found) == (tmp_path / "new" / "gate" / "gate.json").read_text(encoding="utf-8")
    assert as_markdown(found) == (tmp_path / "new" / "gate" / "gate.md").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("a file")

    with pytest.raises(BadInput, match="cannot write"):
        write(report(), tmp_path / "gate")
