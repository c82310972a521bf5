"""The copy of a session on another machine: what is pushed, what is pulled, and what is not believed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Dict, List

import pytest

from pjm.errors import BadInput
from pjm.job.assignment import EVENTS
from pjm.remote.machine import connect
from pjm.remote.session_mirror import SessionMirror
from pjm.remote.ssh import SUBMITTING
from pjm.sessions import index
from tests.builders.fake_ssh import FakeSsh

CUT = "echo 'ssh: connection lost' >&2; exit 255"
JOB = "job-1"


@pytest.fixture
def mirror(there: FakeSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionMirror:
    """Of a session with one job, whose folder has been pushed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    top = tmp_path / "laptop"
    top.mkdir()
    session = index.create(top / ".pjm", {"arguments": [], "checkout": {}})
    made = SessionMirror(connect("login", "ours", top, top / ".pjm"), session)
    session.job_folder(JOB).mkdir()
    (session.job_folder(JOB) / "script.sh").write_text("#!/bin/sh\n")
    assert made.push([session.job_folder(JOB)])
    return made


def job_there(mirror: SessionMirror) -> Path:
    return Path(mirror.machine.roots.there(mirror.session.job_folder(JOB)))


def write_there(mirror: SessionMirror, name: str, content: bytes) -> Path:
    path = job_there(mirror) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def here(mirror: SessionMirror) -> Dict[str, bytes]:
    """The files of jobs here but the script."""
    home = mirror.session.job_folder(JOB).parent
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.name != "script.sh"
    }


def pull(mirror: SessionMirror, ended: bool = False, now: float = 1.0) -> Dict[str, bytes]:
    mirror.pull([(JOB, 0, ended)], now)
    return here(mirror)


def test_what_is_pushed_is_there(mirror: SessionMirror) -> None:
    assert "#!/bin/sh\n" == (job_there(mirror) / "script.sh").read_text()
    assert Path(mirror.machine.roots.there(mirror.session.artifacts)).is_dir()


def test_a_push_without_an_answer_is_trouble(mirror: SessionMirror, there: FakeSsh) -> None:
    there.write(before=CUT)
    assert not mirror.push([mirror.session.job_folder(JOB)])
    assert "login did not answer (ssh's exit code 255): ssh: connection lost" == mirror.trouble
    there.write()

    assert mirror.push([mirror.session.job_folder(JOB)])
    assert mirror.trouble is None


def test_a_push_that_cannot_be_written_is_a_message(mirror: SessionMirror) -> None:
    (job_there(mirror) / "script.sh").unlink()
    (job_there(mirror) / "script.sh" / "in-the-way").mkdir(parents=True)

    with pytest.raises(BadInput, match="files cannot be written to"):
        mirror.push([mirror.session.job_folder(JOB) / "script.sh"])


def test_a_folder_that_is_away_for_a_moment_is_no_news_and_no_end(mirror: SessionMirror) -> None:
    write_there(mirror, f"share-0/{EVENTS}", b"one\n")
    pull(mirror, now=1.0)
    jobs = job_there(mirror).parent
    jobs.rename(jobs.with_name("away"))
    pull(mirror, now=2.0)

    assert 1.0 == mirror.as_of(3.0)
    assert "login: the files of jobs cannot be read: " in str(mirror.trouble)

    jobs.with_name("away").rename(jobs)
    pull(mirror, now=4.0)

    assert (4.0, None) == (mirror.as_of(5.0), mirror.trouble)


def test_a_folder_is_put_in_place_once_because_jobs_may_be_reading_it(mirror: SessionMirror) -> None:
    code = mirror.session.folder / "lib"
    code.mkdir()
    (code / "module.py").write_text("first")
    assert mirror.push([code])
    (code / "module.py").write_text("second")
    assert mirror.push([code])

    there = Path(mirror.machine.roots.there(code))
    assert "first" == (there / "module.py").read_text()
    assert ["lib"] == [path.name for path in there.parent.glob("lib*")]


def test_what_jobs_append_is_pulled(mirror: SessionMirror) -> None:
    events = write_there(mirror, f"share-0/{EVENTS}", b"one\n")
    write_there(mirror, "share-0.out", b"\0\xff no newline")
    first = pull(mirror)
    with events.open("ab") as file:
        file.write(b"two\n")
    second = pull(mirror)

    assert b"one\n" == first[f"{JOB}/share-0/{EVENTS}"]
    assert {f"{JOB}/share-0/{EVENTS}": b"one\ntwo\n", f"{JOB}/share-0.out": b"\0\xff no newline"} == second
    assert mirror.trouble is None


def test_only_what_is_new_comes_over_the_line(mirror: SessionMirror, monkeypatch: pytest.MonkeyPatch) -> None:
    received: List[int] = []
    run = type(mirror.machine.ssh).run

    def counting(*arguments: object) -> object:
        answer = run(*arguments)  # type: ignore[arg-type]
        received.append(len(answer[1]))
        return answer

    monkeypatch.setattr(type(mirror.machine.ssh), "run", counting)
    events = write_there(mirror, f"share-0/{EVENTS}", b"x" * 50_000)
    pull(mirror)
    with events.open("ab") as file:
        file.write(b"two\n")

    pull(mirror)

    assert 50_000 < received[0] < 50_100
    assert 4 < received[1] < 100


def test_a_file_that_became_shorter_is_pulled_anew(mirror: SessionMirror) -> None:
    log = write_there(mirror, "share-0.out", b"a long first line\n")
    pull(mirror)
    log.write_bytes(b"anew\n")

    assert {f"{JOB}/share-0.out": b"anew\n"} == pull(mirror)


def test_what_tests_print_is_pulled_when_the_job_has_ended(mirror: SessionMirror) -> None:
    captured = write_there(mirror, "share-0/captured.stdout", b"12345")
    running = pull(mirror)
    captured.write_bytes(b"54321")

    assert {} == running
    assert {f"{JOB}/share-0/captured.stdout": b"54321"} == pull(mirror, ended=True)


def test_other_files_of_jobs_stay_there(mirror: SessionMirror) -> None:
    for name in ("core", "share-0.sh", "share-0/weights", "share-x.out", "other.jsonl", "share-0/other.log"):
        write_there(mirror, name, b"not asked for")

    assert {} == pull(mirror)


def test_bytes_of_0_among_events_are_waited_for(mirror: SessionMirror) -> None:
    events = write_there(mirror, f"share-0/{EVENTS}", b"one\n\0\0\0\0")
    name = f"{JOB}/share-0/{EVENTS}"

    assert b"one\n" == pull(mirror)[name]
    events.write_bytes(b"one\ntwo\n")
    assert b"one\ntwo\n" == pull(mirror)[name]


def test_bytes_of_0_that_stay_are_taken(mirror: SessionMirror) -> None:
    write_there(mirror, f"share-0/{EVENTS}", b"one\n\0\0\0\0")

    pulled = [pull(mirror)[f"{JOB}/share-0/{EVENTS}"] for _ in range(7)]

    assert [b"one\n", b"one\n\0\0\0\0"] == [pulled[0], pulled[-1]]


def test_as_of_moves_with_a_whole_pull_only(mirror: SessionMirror, there: FakeSsh) -> None:
    seen = [mirror.as_of(5.0)]
    pull(mirror, now=10.0)
    seen.append(mirror.as_of(12.0))
    there.write(before=CUT)
    pull(mirror, now=20.0)
    seen.append(mirror.as_of(22.0))
    assert "ssh: connection lost" in str(mirror.trouble)
    there.write()
    pull(mirror, now=30.0)
    seen.append(mirror.as_of(32.0))

    assert [float("-inf"), 10.0, 10.0, 30.0] == seen
    assert mirror.trouble is None


HOSTILE = [
    b"0 7 ../../../share-0.out\nhostile",
    b"0 7 /etc/share-0.out\nhostile",
    b"0 7 ../share-0.out\nhostile",
    b"0 7 ./share-0.out\nhostile",
    b"0 7 job-1/../share-0.out\nhostile",
    b"0 7 job-1/job.json\nhostile",
    b"0 7 job-1/share-0/../share-0.out\nhostile",
    b"0 7 job-1/share-0/captured.other\nhostile",
    b"0 7 job-1/share-000000.out\nhostile",
    b"0 7 job-1/share-0.out\0\nhostile",
    b"0 7 job-2/share-0.out\nhostile",
    b"0 7 job-2/share-0/events.jsonl\nhostile",
    b"900000000000000 900000000000007 job-1/share-0.out\nhostile",
    b"9 9 job-1/share-0.out\n",
    b"7 0 job-1/share-0.out\n",
    b"-1 7 job-1/share-0.out\nhostile!",
    b"0 70 job-1/share-0.out\nshort",
    b"no record",
    b"\n",
]


@pytest.mark.parametrize("out", HOSTILE, ids=range(len(HOSTILE)))
def test_an_answer_that_is_none_writes_nothing(
    mirror: SessionMirror, there: FakeSsh, out: bytes, tmp_path: Path
) -> None:
    before = sorted(map(str, tmp_path.rglob("*")))
    there.answer(out)

    pulled = pull(mirror)

    assert {} == pulled
    assert "it is copied again" in str(mirror.trouble)
    assert float("-inf") == mirror.as_of(5.0)
    assert {str(there.folder / "answer")} == set(map(str, tmp_path.rglob("*"))) - set(before)


def test_such_an_answer_can_be_taken(mirror: SessionMirror, there: FakeSsh) -> None:
    there.answer(b"0 4 job-1/share-0.out\nfine")

    assert {f"{JOB}/share-0.out": b"fine"} == pull(mirror)


def test_a_submission_may_be_under_way_until_it_has_a_code(mirror: SessionMirror) -> None:
    folder = mirror.session.job_folder(JOB)
    begun, code = job_there(mirror) / SUBMITTING, job_there(mirror) / f"{SUBMITTING}.code"

    seen = [mirror.under_way(folder)]
    begun.write_text(f"{time.time():.0f}\n")
    seen.append(mirror.under_way(folder))
    code.write_text("0\n")
    seen.append(mirror.under_way(folder))
    code.unlink()
    begun.write_text(f"{time.time() - 1e6:.0f}\n")
    seen.append(mirror.under_way(folder))

    assert [False, True, False, False] == seen


def test_a_submission_may_be_under_way_without_an_answer(mirror: SessionMirror, there: FakeSsh) -> None:
    there.write(before=CUT)

    assert mirror.under_way(mirror.session.job_folder(JOB))
    assert "ssh: connection lost" in str(mirror.trouble)


def artifacts_there(mirror: SessionMirror) -> Path:
    return Path(mirror.machine.roots.there(mirror.session.artifacts))


def test_the_folders_in_which_jobs_start_are_made_even_if_nothing_in_them_is_pushed(mirror: SessionMirror) -> None:
    top = mirror.session.folder.parent.parent
    facts = {"arguments": [], "start": str(top / "a build"), "checkout": {"rootdir": str(top / "config")}}
    session = index.create(top / ".pjm", facts)
    (session.folder / "file").touch()

    assert SessionMirror(mirror.machine, session).push([session.folder / "file"])

    assert [True, True] == [Path(mirror.machine.folder, name).is_dir() for name in ("a build", "config")]


def test_artifacts_are_fetched_by_pattern(mirror: SessionMirror) -> None:
    for name in ("a1/test.json", "a1/attempt-0/weights", "b2/test.json"):
        (artifacts_there(mirror) / name).parent.mkdir(parents=True, exist_ok=True)
        (artifacts_there(mirror) / name).write_text(name)

    mirror.fetch_artifacts("*/test.json")
    names = sorted(str(each.relative_to(mirror.session.artifacts)) for each in mirror.session.artifacts.rglob("*"))
    mirror.fetch_artifacts("a1")

    assert ["a1", "a1/test.json", "b2", "b2/test.json"] == names
    assert "a1/attempt-0/weights" == (mirror.session.artifacts / "a1" / "attempt-0" / "weights").read_text()


def test_artifacts_that_are_not_there_are_not_fetched(mirror: SessionMirror) -> None:
    mirror.fetch_artifacts("*/test.json")

    assert [] == os.listdir(str(mirror.session.artifacts))  # noqa: PTH208 - of text


def test_artifacts_without_an_answer_are_a_message(mirror: SessionMirror, there: FakeSsh) -> None:
    there.write(before=CUT)

    with pytest.raises(BadInput) as caught:
        mirror.fetch_artifacts("a1")

    assert "login does not answer any more" == caught.value.what
