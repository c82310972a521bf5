"""Makes an emulated A64FX in a folder, and runs tests on it as jobs, or one program. `tox run -e a64fx` calls it.

The processor is QEMU's: this is not Fugaku, and not an A64FX either. Needs Debian 12 on x86_64 with qemu-user, 4 GB of
disk, and root, unless QEMU is registered with the kernel already (package qemu-user-binfmt). The folder keeps what was
downloaded. The kernel's registration and the mount that were made are undone at the end.

QEMU_CPU names another processor, such as neoverse-n1.

Exit codes: 0 everything passes, 1 something does not, 2 bad input or environment, 130 interrupted; `python`: its own.

Examples, after `python -m tests.a64fx FOLDER`:
  check                  the fingerprint of every recipe, the WHEEL workflow, and every kind of outcome, as jobs
  check tf-softmax       the same, but the fingerprint of this recipe alone
  python -m mnist_repro baseline record tf-softmax --rung fingerprint
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, Mapping, NoReturn, Optional, Sequence

from mnist_repro.errors import BadInput, ExitCode
from mnist_repro.files.atomic import unwritable
from mnist_repro.files.locks import try_lock
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.report import JSON
from mnist_repro.recipes import RECIPES, find
from mnist_repro.runs import baselines
from pjm import emulator
from tests.a64fx import binfmt, machine, table
from tests.a64fx.machine import CHECKOUT, Machine

CPU = "a64fx"
# Seconds in which a session cancels its jobs.
PATIENCE = 60.0


def main(words: Optional[Sequence[str]] = None) -> int:
    """Make the machine, and do what the command line asks for."""
    given = parser().parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        recipes = [find(name).name for name in given.arguments] if given.action == "check" else []
        with ready(given.folder) as made:
            if given.action == "check":
                return check(made, recipes)
            return run([str(made.python), *given.arguments], made.variables)
    except BadInput as error:
        sys.stderr.write(f"a64fx: {error}\n")
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    summary, _, rest = str(__doc__).partition("\n\n")
    made = argparse.ArgumentParser(
        "python -m tests.a64fx", description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("folder", type=Path, help="folder of the emulated machine; made if it is missing")
    made.add_argument("action", choices=("check", "python"), help="run tests as jobs, or run the machine's Python")
    made.add_argument("arguments", nargs=argparse.REMAINDER, help="recipes, or what Python gets")
    return made


@contextlib.contextmanager
def ready(folder: Path) -> Iterator[Machine]:
    """A machine whose programs start, during the block."""
    cpu = os.environ.get("QEMU_CPU", CPU)
    qemu = machine.find_qemu(cpu)
    with binfmt.registered(qemu), alone_in(folder):
        made = machine.make(folder, cpu)
        machine.require_start(made)
        yield made


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other sessions out of a folder; made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(str(folder), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        if not try_lock(handle):
            raise BadInput(
                f"another process uses {folder}",
                "two sessions would replace each other's files",
                "wait until it has finished, or name another folder",
            )
        yield
    finally:
        os.close(handle)


def check(made: Machine, recipes: Sequence[str]) -> int:
    """Run the tests as jobs, and print a table. ``recipes`` limits the fingerprints, which take longest."""
    started = time.monotonic()
    sessions, report = made.folder / "sessions", made.folder / "gate"
    for folder in (sessions, report):
        shutil.rmtree(folder, ignore_errors=True)
    prologue = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in made.variables.items())
    jobs = [
        "--fugaku",
        "--fugaku-emulate",
        f"--fugaku-python={shlex.quote(str(made.python))}",
        "-o",
        f"fugaku_prologue={prologue}",
    ]
    chosen = recipes or list(RECIPES)
    regression = "tests/regression/test_against_baselines.py"
    done: Dict[str, int] = {}
    with emulating(sessions):
        pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--fugaku-workdir={sessions}"]
        ids = [f"{regression}::test_recipe[{recipe}-{FINGERPRINT}]" for recipe in chosen]
        done["fingerprints"] = run([*pytest, *jobs, f"--gate-report={report}", *ids])
        done["the WHEEL workflow"] = run([*pytest, *jobs, "tests/regression/test_wheel_workflow.py"])
    python = {"PJM_JOBS_PYTHON": str(made.python), "PJM_JOBS_PROLOGUE": prologue}
    outcomes = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/end_to_end/pjm/test_outcomes.py"]
    done["every kind of outcome"] = run(outcomes, python)
    print(f"\nThe processor is {made.cpu} as QEMU emulates it. The files of the jobs are in {sessions}.")
    with contextlib.suppress(OSError):
        gate = json.loads((report / JSON).read_text(encoding="utf-8"))
        stored = {name: baselines.read(CHECKOUT / "baselines", name, FINGERPRINT) for name in chosen}
        print(f"\n{table.fingerprints(gate, chosen, stored)}\n")
    for name, code in done.items():
        print(f"{name}: {f'FAILED, exit code {code}' if code else 'passed'}")
    print(f"{(time.monotonic() - started) / 60:.0f} min")
    return ExitCode.VERDICT if any(done.values()) else ExitCode.PASSED


@contextlib.contextmanager
def emulating(sessions: Path) -> Iterator[None]:
    """Leave no process of the emulated batch system behind: it needs QEMU."""
    try:
        yield
    finally:
        emulator.stop(sessions / "emulator", PATIENCE)


def run(command: Sequence[str], variables: Optional[Mapping[str, str]] = None) -> int:
    """Run a command in the checkout, and return its exit code. If it is interrupted, wait until it has cleaned up."""
    # Until the process is known, an interruption waits: it would leave the process behind.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    process = subprocess.Popen(
        command,
        cwd=str(CHECKOUT),
        env={**os.environ, **(variables or {})},
        start_new_session=True,  # Ctrl-C comes from us, once
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
    )
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        process.wait()
        raise


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
