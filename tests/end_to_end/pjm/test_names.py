"""Projects in folders whose names are no text here: bytes that are no UTF-8, characters that the locale has not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from tests.builders.fugaku_project import ROOT, FugakuProject
from tests.end_to_end.pjm.conftest import Make

# What PEP 538 and 540 do about the C locale is switched off: so a legacy locale behaves.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
Place = Tuple[bytes, Dict[str, str]]
PLACES: List[Place] = [(b"caf\xe9", {"PYTHONIOENCODING": "utf-8:strict"}), ("富岳".encode(), ASCII)]

CHAIN = """
@pytest.mark.fugaku(env={"FLAG": "日本, é"})
def test_train(artifacts):
    (artifacts.folder / "weights").write_text(ascii(os.environb[b"FLAG"]))

@pytest.mark.fugaku(after="test_train")
def test_estimate(artifacts):
    assert ascii("日本, é".encode()) == (artifacts.of("test_train") / "weights").read_text()
"""


@pytest.fixture(params=PLACES, ids=["no UTF-8", "another locale"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.param
    return found


@pytest.fixture
def variables(place: Place) -> Dict[str, str]:
    return place[1]


@pytest.fixture
def there(tmp_path: Path, place: Place, make_project: Make) -> Iterator[FugakuProject]:
    made = make_project(tmp_path / os.fsdecode(place[0]))
    made.write(CHAIN)
    yield made
    made.stop()


def test_jobs_run_there_and_their_sessions_are_listed_and_shown(
    there: FugakuProject, variables: Dict[str, str]
) -> None:
    left = there.send("--fugaku-detach", **variables)
    ran = there.run("--fugaku-resume", "--junitxml=junit.xml", **variables)

    assert (0, 0, {"passed": 2}) == (left.code, ran.code, ran.counts()), left.out + ran.out
    for words in (["sessions"], ["show"]):
        done = subprocess.run(
            [sys.executable, "-m", "pjm", *words, "--workdir", str(there.workdir)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            check=False,
        )
        assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize("terminal", [(), ("-p", "no:terminal")], ids=["", "without a terminal"])
def test_a_dry_run_shows_the_scripts(
    there: FugakuProject, variables: Dict[str, str], terminal: Tuple[str, ...]
) -> None:
    ran = there.run("--fugaku-dry-run", *terminal, **variables)
    scripts = list(there.session().glob("jobs/*/script-*.sh"))

    assert 0 == ran.code, ran.out
    assert "nothing was submitted" in ran.out
    assert [True, True] == [os.fsencode(there.path) in script.read_bytes() for script in scripts]
