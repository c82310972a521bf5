"""What happens in a job after its tests: the end of pytest's session, and the end of Python."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Tuple

import pytest

from tests.builders.fugaku_project import FugakuProject, shown

PASSES = "@pytest.mark.fugaku\ndef test_passes():\n    pass\n"
IN_JOBS = "import os\nIN_JOB = bool({'PJM_JOBID', 'SLURM_JOB_ID', 'ALWAYS'} & set(os.environ))\n"

# Name: conftest.py, test, exit code of plain pytest, words that the session with jobs shows.
ENDS = {
    "an exit code": (
        "def pytest_sessionfinish(session):\n    if IN_JOB: session.exitstatus = 17\n",
        PASSES,
        17,
        "its session of pytest ended with exit code 17, which none of its tests caused",
    ),
    "an exit code beside a failure": (
        "def pytest_sessionfinish(session):\n    if IN_JOB: session.exitstatus = 17\n",
        "@pytest.mark.fugaku\ndef test_fails():\n    assert False\n",
        17,
        "its session of pytest ended with exit code 17, which none of its tests caused",
    ),
    "an exception": (
        "def pytest_sessionfinish(session):\n    if IN_JOB: raise RuntimeError('two files are left')\n",
        PASSES,
        1,
        "RuntimeError: two files are left",
    ),
    "a failure beside those of tests": (
        "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n"
        "    if IN_JOB: session.testsfailed += 1\n",
        PASSES,
        1,
        "its session of pytest ended with exit code 1, which none of its tests caused",
    ),
    "a judgement that is printed": (
        "import pytest\n@pytest.hookimpl(trylast=True)\ndef pytest_terminal_summary(terminalreporter):\n"
        "    if IN_JOB:\n        terminalreporter.write_line('FAIL: too slow')\n"
        "        terminalreporter._session.exitstatus = 1\n",
        PASSES,
        1,
        "FAIL: too slow",
    ),
    "the last collection": (
        "",
        "class Leaks:\n    def __del__(self): raise RuntimeError('in __del__')\n"
        "@pytest.mark.fugaku\ndef test_leaks():\n    a = Leaks()\n    a.me = a\n",
        1,
        "RuntimeError: in __del__",
    ),
    "a signal at Python's end": (
        "import atexit, signal\nif IN_JOB: atexit.register(lambda: os.kill(os.getpid(), signal.SIGSEGV))\n",
        PASSES,
        -11,
        "its Python ended with exit code 139 after exit code 0 of pytest",
    ),
    "a signal in the session's end": (
        "import signal\ndef pytest_sessionfinish(session):\n    if IN_JOB: os.kill(os.getpid(), signal.SIGSEGV)\n",
        PASSES,
        -11,
        "pytest ended with exit code 139 in the middle of its session",
    ),
    "an exit in the session's end": (
        "import pytest\ndef pytest_sessionfinish(session):\n    if IN_JOB: pytest.exit('not clean', 9)\n",
        PASSES,
        9,
        "its session of pytest ended with exit code 9, which none of its tests caused",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_pytest_finds_at_its_end_is_found_in_jobs_too(project: FugakuProject, name: str) -> None:
    conftest, test, code, words = ENDS[name]
    if name == "the last collection" and pytest.version_tuple < (8, 4):
        pytest.skip("before pytest 8.4, the last collection is not looked at")
    project.write(IN_JOBS + conftest, "conftest.py")
    project.write(test)

    here = project.run("-Werror", ALWAYS="1")
    jobs = project.send("-Werror")

    assert (code, code if code >= 0 else 128 - code) == (here.code, jobs.code), here.out + jobs.out
    assert words in jobs.out
    assert re.search(r"fugaku: job \d+ \(pytest-[-\w]+\): ", jobs.out), jobs.out
    assert re.search(r"next: look into .*/share-0\.out and share-0\.err", jobs.out), jobs.out


def test_a_job_that_ends_well_does_so_with_every_warning_an_error(project: FugakuProject) -> None:
    project.write(PASSES)

    ran = project.send("-Werror", PYTHONWARNINGS="error", PYTHONDEVMODE="1")

    assert (0, {"passed": 1}) == (ran.code, ran.counts()), ran.out
    assert "next: look into" not in ran.out


def test_a_session_that_is_resumed_knows_how_jobs_ended(project: FugakuProject) -> None:
    project.write(
        IN_JOBS + "def pytest_sessionfinish(session):\n    if IN_JOB: session.exitstatus = 17\n", "conftest.py"
    )
    project.write(PASSES)

    project.send("--fugaku-detach")
    project.wait_for_end()
    ran = project.run("--fugaku-resume")

    assert 17 == ran.code, ran.out
    assert "ended with exit code 17" in ran.out
    assert re.search(r"\n  share 0 of pytest-\S+: its session of pytest ended with exit code 17, ", shown(project))


def test_the_same_end_of_many_jobs_is_said_once(project: FugakuProject) -> None:
    project.configure(tests_per_job=1)
    project.write(IN_JOBS + "def pytest_sessionfinish():\n    if IN_JOB: 1 / 0\n", "conftest.py")
    project.write("@pytest.mark.fugaku\n@pytest.mark.parametrize('n', range(3))\ndef test_n(n):\n    pass\n")

    ran = project.send()

    assert 1 == ran.code, ran.out
    assert ["(and 2 more jobs): its session of pytest"] == re.findall(r"\(and .*? of pytest", ran.out), ran.out


def test_a_job_that_the_batch_system_ends_before_pytest_has_ended_is_no_success(project: FugakuProject) -> None:
    project.emulate(second=0.3, groups={"small": {"elapse_min": 1}})
    project.write(IN_JOBS + "import time\ndef pytest_sessionfinish():\n    if IN_JOB: time.sleep(600)\n", "conftest.py")
    project.write("@pytest.mark.fugaku(elapse='00:01:00')\ndef test_passes():\n    pass\n")

    ran = project.send()

    assert (1, {"passed": 1}) == (ran.code, ran.counts()), ran.out
    assert "ran over its elapse limit" in ran.out
    assert "its tests had ended, and its Python had not" in ran.out


LEFT_OPEN = """
import atexit, csv, gzip, tempfile, threading

KEPT = []

@pytest.mark.fugaku
def test_leaves_things(request):
    root = request.config.rootpath
    csv_file = open(root / "rows.csv", "w")
    csv.writer(csv_file).writerow([1, 2])
    packed = gzip.open(root / "rows.gz", "wt")
    packed.write("1,2")
    folder = tempfile.TemporaryDirectory(dir=root, prefix="scratch-")
    KEPT.extend([csv_file, packed, folder])
    atexit.register((root / "atexit.txt").write_text, "ran")
    def late():
        time.sleep(0.5)
        (root / "thread.txt").write_text("ran")
    threading.Thread(target=late).start()
"""


def left(path: Path) -> Tuple[object, ...]:
    import gzip

    texts = [(path / name).read_text() for name in ("rows.csv", "atexit.txt", "thread.txt")]
    return (texts, gzip.open(path / "rows.gz", "rt").read(), [each.name for each in path.glob("scratch-*")])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_jobs_python_ends_as_any_other(project: FugakuProject) -> None:
    project.write(LEFT_OPEN)

    here, files = project.run("-p", "no:unraisableexception"), left(project.path)
    for name in ("rows.csv", "atexit.txt", "thread.txt", "rows.gz"):
        (project.path / name).unlink()
    jobs = project.send("-p", "no:unraisableexception")

    assert (0, 0) == (here.code, jobs.code), here.out + jobs.out
    assert (["1,2\n", "ran", "ran"], "1,2", []) == left(project.there) == files


ENDLESS = {
    "a thread": "    threading.Thread(target=time.sleep, args=(600,)).start()\n",
    "an exit handler": "    atexit.register(time.sleep, 600)\n",
    "a process": "    multiprocessing.Process(target=time.sleep, args=(600,)).start()\n",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_python_that_does_not_end_is_given_up_and_the_line_says_where_it_is(
    project: FugakuProject, name: str
) -> None:
    project.configure(grace=1)
    project.write(
        "import atexit, multiprocessing, threading\n"
        f"@pytest.mark.fugaku\ndef test_begins():\n{ENDLESS[name]}@pytest.mark.fugaku\ndef test_passes():\n    pass\n"
    )

    ran = project.send()

    assert (0, {"passed": 2}) == (ran.code, ran.counts()), ran.out
    assert "its Python had not ended within fugaku_grace after its tests, and was given up" in ran.out
    assert "most recent call first" in ran.out
    [events] = project.workdir.glob("*/jobs/*/share-0/events.jsonl")
    times = {
        event["event"]: event["time"] for event in map(json.loads, events.read_text().splitlines()) if "time" in event
    }
    assert times["end"] - times["stop"] >= 1.0  # the results are out before it ends


def test_exit_handlers_run_in_the_python_that_registered_them_and_once(project: FugakuProject) -> None:
    project.configure(prologue=f"export PYTHONPATH={project.there}/site")
    (project.path / "site").mkdir()
    project.write(
        f"{IN_JOBS}import atexit, pathlib\nfile = pathlib.Path(__file__).with_name(f'began-in-{{os.getpid()}}')\n"
        "if IN_JOB: atexit.register(lambda: file.open('a').write(f'{os.getpid()} '))\n",
        "site/sitecustomize.py",
    )
    project.write("@pytest.mark.fugaku\ndef test_dies():\n    os._exit(3)\n" + PASSES)

    ran = project.send()

    assert (1, {"failed": 1, "passed": 1}) == (ran.code, ran.counts()), ran.out
    ended = {path.name: path.read_text() for path in project.there.glob("site/began-in-*")}
    assert {f"began-in-{text.strip()}": text for text in ended.values()} == ended
    assert (
        len(ended) == 2
    )  # the Python that `os._exit` ends runs none: the last one of pytest, and the one that starts it
