"""Where an emulator can be made."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import environment
from pjm.errors import BadInput
from tests.builders.emulated import Emulated, make
from tests.builders.processes import PATIENCE

NAMES = ["a b", "日本", "it's $(x)", "c[1]", "a,b", os.fsdecode(b"caf\xe9")]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_folder_and_any_name_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    pjm = make(tmp_path / name)

    job = pjm.submit("pwd", name=f"{name}.sh")

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert os.fsencode(pjm.work) + b"\n" == (pjm.work / f"{name}.sh.{job}.out").read_bytes()
    assert emulator.stop(pjm.folder, PATIENCE)


def test_modules_of_pythons_names_beside_the_script_and_on_its_path_do_not_matter(asked: Emulated) -> None:
    (asked.work / "json.py").write_text("raise SystemExit(9)")

    ended = asked.command(asked.folder / "bin" / "pjstat", env={"PYTHONPATH": str(asked.work)})

    assert (0, "", "") == (ended.code, ended.out, ended.err)


def test_a_folder_whose_path_is_as_long_as_can_be_will_do_and_a_longer_one_is_refused(tmp_path: Path) -> None:
    inner = tmp_path
    while len(os.fsencode(inner)) < 400:
        inner = inner / ("é" * 20)
    longest = inner / ("l" * (504 - len("/jobs.sqlite") - len(os.fsencode(inner)) - 1))
    pjm = Emulated(longest, tmp_path, emulator.environment(longest, settings={"accept": 0.005, "start": 0.005}))
    longer = Path(f"{longest}r")

    with pytest.raises(BadInput) as refusal:
        emulator.environment(longer)

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(pjm.submit("true"))]
    assert emulator.stop(pjm.folder, PATIENCE)
    assert "its path has 493 bytes" in refusal.value.why
    assert "--fugaku-workdir=DIR" in refusal.value.fix
    assert not longer.exists()


def test_the_emulators_folder_is_private(tmp_path: Path) -> None:
    environment(tmp_path / "new")
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o755)

    assert 0o700 == stat.S_IMODE((tmp_path / "new").stat().st_mode)
    with pytest.raises(BadInput, match="expected mode 700"):
        environment(open_folder)


def test_jobs_of_another_version_are_refused_before_any_command(tmp_path: Path) -> None:
    environment(tmp_path / "emulator")
    with contextlib.closing(sqlite3.connect(str(tmp_path / "emulator" / "jobs.sqlite"))) as database:
        database.execute("CREATE TABLE job (other)")

    with pytest.raises(BadInput, match="written by another version of pjm"):
        environment(tmp_path / "emulator")


@pytest.mark.parametrize("rules", ["no-such-file.json", '{"fault": "0090"}', '[{"fault": "none"}]'])
def test_wrong_faults_are_refused_before_any_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    monkeypatch.setenv("PJM_EMULATOR_FAULTS", rules)

    with pytest.raises(BadInput):
        environment(tmp_path / "emulator")
