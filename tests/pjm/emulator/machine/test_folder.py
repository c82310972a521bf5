"""Where an emulator can be made."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import environment
from pjm.errors import BadInput
from tests.builders.emulated import PATIENCE, Emulated


@pytest.mark.parametrize("folder", ["a b", "日本", "it's $(x)", "c[1]", "a,b"])
def test_any_folder_will_do(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    variables = emulator.environment(tmp_path / folder / "emulator", settings={"accept": 0.005, "start": 0.005})
    pjm = Emulated(tmp_path / folder / "emulator", tmp_path / folder, variables)

    job = pjm.submit("pwd", name=f"{folder}.sh")

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert f"{tmp_path}/{folder}\n" == pjm.read(f"{folder}.sh.{job}.out")
    assert emulator.stop(pjm.folder, PATIENCE)


def test_a_folder_whose_name_is_no_utf8_will_do(tmp_path: Path) -> None:
    work = tmp_path / os.fsdecode(b"caf\xe9")
    work.mkdir()
    variables = emulator.environment(work / "emulator", settings={"accept": 0.005, "start": 0.005})
    pjm = Emulated(work / "emulator", work, variables)

    job = pjm.submit("pwd")

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert os.fsencode(work) + b"\n" == (work / f"job.sh.{job}.out").read_bytes()
    assert emulator.stop(pjm.folder, PATIENCE)


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


def test_folders_with_blanks_and_quotes_and_modules_of_pythons_names_beside_the_script(tmp_path: Path) -> None:
    place = tmp_path / "it's a $(folder)"
    place.mkdir()
    variables = environment(place / "emulator")
    # Would break any Python that looks into its current folder.
    (place / "json.py").write_text("raise SystemExit(9)")
    (place / "job.sh").write_text("true")
    ended = subprocess.run(
        [str(place / "emulator" / "bin" / "pjsub"), "job.sh"],
        cwd=str(place),
        env={**os.environ, **variables, "PYTHONPATH": str(place)},
        stdout=subprocess.PIPE,
        check=True,
    )

    assert b"[INFO] PJM 0000" in ended.stdout
    assert emulator.stop(place / "emulator", PATIENCE)
