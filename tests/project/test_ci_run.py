"""`.ci/run` with programs that only note how they are called: what fails is reported, and no process is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from tests.builders.processes import NEEDED, alive

RUN = Path(__file__).resolve().parents[2] / ".ci" / "run"
# Stands for each program: notes the call, makes environments of such programs, fails or hangs if it is asked to.
PROGRAM = """\
#!/bin/sh
mkdir -p .tox
call="$(basename "$0") $*"
echo "$call" >>calls
case "$call" in
"python3 -m venv "*)
    mkdir -p "$3/bin"
    for name in python pip tox mnist-repro; do cp "$0" "$3/bin/$name"; done
    ;;
esac
[ "$call" != "$FAILS" ] || exit 1
if [ "$call" = "$HANGS" ]; then
    echo $$ >hanging
    sleep 60
fi
"""
SIDE_BY_SIDE = "tox run -e tf220 -- tests/slow/mnist_repro"


def start(folder: Path, fails: str = "", hangs: str = "") -> subprocess.Popen[bytes]:
    shutil.copytree(RUN.parent, folder / ".ci")
    programs = folder / "programs"
    programs.mkdir()
    for name in ("python3", "python3.8", "chromedriver"):
        (programs / name).write_text(PROGRAM, encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.Popen(
        [str(folder / ".ci" / "run")],
        env={"PATH": f"{programs}:/usr/bin:/bin", "FAILS": fails, "HANGS": hangs},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def calls(folder: Path) -> List[str]:
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_every_failure_is_the_exit_code(tmp_path: Path) -> None:
    assert 0 == start(tmp_path / "all").wait(60)

    programs = dict.fromkeys(calls(tmp_path / "all"))
    passed = [call for number, call in enumerate(programs) if 0 == start(tmp_path / str(number), fails=call).wait(60)]

    assert SIDE_BY_SIDE in programs
    assert [] == passed


@NEEDED
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_what_runs_side_by_side_ends_with_it(tmp_path: Path, sent: signal.Signals) -> None:
    with start(tmp_path, hangs=SIDE_BY_SIDE) as run:
        deadline = time.monotonic() + 30
        while not (tmp_path / "hanging").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        # As a terminal sends Ctrl-C, to all; as another program ends the script.
        os.killpg(run.pid, sent) if sent == signal.SIGINT else run.send_signal(sent)

        assert 0 != run.wait(30)

    hanging = int((tmp_path / "hanging").read_text(encoding="utf-8"))
    while alive(hanging) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = alive(hanging)
    if left:
        os.kill(hanging, signal.SIGKILL)
    assert not left
