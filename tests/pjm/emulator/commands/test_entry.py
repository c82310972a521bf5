"""What all commands have in common: start, faults on demand, output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from pjm import emulator
from pjm.emulator.commands import entry
from pjm.emulator.commands.job_operations import OPERATIONS
from pjm.emulator.machine.folder import COMMANDS, Folder
from pjm.emulator.machine.messages import ACCEPTANCE
from tests.builders.emulated import WAIT, Emulated
from tests.builders.processes import until


@pytest.mark.parametrize(
    ("fault", "command", "message"),
    [
        ("0090", "pjsub", "0090 pjsub PJM daemon is not present."),
        ("0091", "pjsub", "0091 pjsub Internal error: emulated."),
        ("0072", "pjsub", "0072 pjsub Job exceeded the accept limit: ru-accept."),
        ("0079", "pjsub", "0079 pjsub group is not active (ACC->QUE)."),
        ("0290", "pjstat", "0290 pjstat PJM daemon is not present."),
        ("0291", "pjstat", "0291 pjstat Internal error: emulated."),
        ("0190", "pjdel", "0190 pjdel PJM daemon is not present."),
    ],
)
def test_any_message(making: Callable[..., Emulated], fault: str, command: str, message: str) -> None:
    pjm = making(faults=[{"fault": fault, "times": 1}])
    pjm.script("true")
    word = "job.sh" if command == "pjsub" else "48000001"

    answer = pjm.command(command, word)

    assert (1, "", f"[ERR.] PJM {message}\n") == (answer.code, answer.out, answer.err)
    assert f"PJM {fault}" not in pjm.command(command, word).err
    assert [(fault,), ()] == [call.faults for call in emulator.calls(pjm.folder)]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"fault": "0070"}, "0070 pjsub No execute permission."),
        ({"fault": "0070", "text": "pjsub batch"}, "0070 pjsub No execute permission: pjsub batch."),
        ({"fault": "0070", "text": "pjsub-bulk."}, "0070 pjsub No execute permission: pjsub-bulk."),
        ({"fault": "0054"}, "0054 pjsub node=1 is less than the lower limit (385)."),
        ({"fault": "0054", "text": "node=2"}, "0054 pjsub node=2 is less than the lower limit (385)."),
        ({"fault": "0057", "text": "node=9 is greater than the upper limit (4)."}, None),
        ({"fault": "0057"}, "0057 pjsub node=32 is greater than the upper limit (24)."),
        (
            {"fault": "0076"},
            "0076 pjsub freq=9999 cannot be specified. The value must be specified as follows: 2000,2200",
        ),
        ({"fault": "0058", "text": "rscgrp=x"}, "0058 pjsub rscgrp=x does not exist."),
        ({"fault": "0090", "text": "Maintenance until noon."}, None),
        ({"fault": "0999", "text": "Of a later version"}, None),
        ({"fault": "3291", "text": "7"}, "3291 pjacl Internal error: 7."),
        ({"fault": "0790"}, "0790 pjsig PJM daemon is not present."),
    ],
)
def test_the_text_of_a_fault_is_the_message_or_its_first_value(
    asked: Emulated,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rule: Dict[str, str],
    message: Optional[str],
) -> None:
    monkeypatch.setenv("PJM_EMULATOR_FAULTS", json.dumps([rule]))
    command = {"32": "pjacl", "07": "pjsig"}.get(rule["fault"][:2], "pjsub")

    assert 1 == entry.run(Folder(asked.folder), command, ["job.sh"])

    said = message or " ".join([rule["fault"], command, rule["text"]])
    assert f"[ERR.] PJM {said}\n" == capsys.readouterr().err


def test_every_reason_of_the_acceptance_check(
    asked: Emulated, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for reason, text in ACCEPTANCE.items():
        monkeypatch.setenv("PJM_EMULATOR_FAULTS", json.dumps([{"fault": reason}]))
        assert 1 == entry.run(Folder(asked.folder), "pjsub", ["job.sh"])
        assert f"[ERR.] PJM 0079 pjsub {text}.\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"fault": "lost-answer"}, 0), ({"fault": "lost-answer", "exit": 1}, 1), ({"fault": "killed"}, -9)],
)
def test_an_answer_is_lost_and_the_job_is_not(
    making: Callable[..., Emulated], fault: Dict[str, object], code: int
) -> None:
    pjm = making(faults=[fault])
    pjm.script("true")

    answer = pjm.command("pjsub", "-N", "unique", "job.sh")

    assert (code, "") == (answer.code, answer.out)
    assert ["unique"] == [job.name for job in emulator.jobs(pjm.folder)]
    assert [None if code < 0 else code] == [call.exit for call in emulator.calls(pjm.folder)]


def test_delays_before_and_after_the_work(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "delay", "seconds": 0.2, "command": "pjstat"}])
    begun = time.monotonic()
    pjm.command("pjstat")

    assert 0.2 <= time.monotonic() - begun


def test_noise_before_the_answer_and_an_answer_cut_short(making: Callable[..., Emulated]) -> None:
    pjm = making(
        faults=[
            {"fault": "banner", "text": "Maintenance on Monday", "command": "*"},
            {"fault": "loading"},
            {"fault": "cut-output", "keep": 6, "skip": 1, "times": 1},
            {"fault": "no-table", "header": True, "skip": 2, "times": 1},
            {"fault": "no-table", "skip": 3},
        ]
    )
    job = pjm.command("pjsub", pjm.script(WAIT).name).out
    noise = "Maintenance on Monday\n[INFO] PJM 0281 pjstat Data loading...\n"

    assert "Maintenance on Monday\n[INFO] PJM 0000 pjsub Job 48000001 submitted.\n" == job
    answers = [pjm.command("pjstat", "--choose=jid").out for _ in range(4)]
    assert [f"{noise}JOB_ID    \n48000001  \n", f"{noise}JOB_ID", f"{noise}JOB_ID    \n", noise] == answers


def test_closed_and_full_streams_lose_no_job(pjm: Emulated) -> None:
    pjm.script("true")

    codes = [pjm.command("sh", "-c", f"pjsub job.sh {end}").code for end in (">&-", ">&- 2>&-", ">/dev/full")]

    assert [0, 0, 1] == codes
    assert 3 == len(emulator.jobs(pjm.folder))


def test_faults_of_one_kind_add_up_and_nothing_is_printed_of_a_lost_answer(pjm: Emulated) -> None:
    delays = [{"fault": "delay", "seconds": 0.2, "when": when} for when in ("before", "after")]
    rules = [*delays, {"fault": "cut-output", "command": "pjsub"}, {"fault": "lost-answer"}]

    pjm.script("true")
    answered = pjm.command("pjsub", "job.sh", env={"PJM_EMULATOR_FAULTS": json.dumps(rules)})
    (call,) = emulator.calls(pjm.folder, "pjsub")

    assert (0, "", 1) == (answered.code, answered.out, len(call.jobs))
    assert call.seconds is not None
    assert call.seconds >= 0.4


def test_ctrl_c_ends_a_command_without_a_word(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    # Whoever runs the tests in the background has it ignored, and children would inherit that.
    waiting = subprocess.Popen(
        [str(pjm.folder / "bin" / "pjwait"), job],
        env={**os.environ, **pjm.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until(lambda: emulator.calls(pjm.folder, "pjwait"))

    waiting.send_signal(signal.SIGINT)

    assert (b"", b"") == waiting.communicate()
    assert -signal.SIGINT == waiting.returncode
    pjm.go()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_little_and_so_starts_quickly(command: str) -> None:
    # `python -m benchmarks.plugin --only command` measures the time. Each of these takes as long as Python's start.
    slow = {"argparse", "asyncio", "email", "http", "logging", "pytest", "socket", "subprocess", "tempfile", "unittest"}
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module\n"
        "for name in sys.argv[2:]: import_module(name)\n"
        "print(*sys.modules)"
    )
    root = str(Path(emulator.__file__).resolve().parents[2])
    module = "job_operations" if command in OPERATIONS else command
    modules = ("pjm.emulator.commands.entry", f"pjm.emulator.commands.{module}")
    imported = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, root, *modules], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()

    assert set() == slow & set(imported)
    assert modules[1] in imported
