"""What nobody should give to an emulator: names, bytes, rules and streams that would break it for everybody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Callable, Optional, Union

import pytest

from pjm import emulator
from pjm.emulator.machine import faults, settings
from pjm.errors import BadInput
from tests.builders.emulated import PATIENCE, WAIT, Emulated, until

Making = Callable[..., Emulated]
Word = Union[str, bytes]


def raw(pjm: Emulated, *words: Word, cwd: Word = "") -> subprocess.CompletedProcess[bytes]:
    """One of its commands, in bytes."""
    variables = {**os.environ, **pjm.variables}
    return subprocess.run(
        list(words), cwd=cwd or str(pjm.work), env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


def test_a_nul_in_a_directive_is_no_text(pjm: Emulated) -> None:
    (pjm.work / "job.sh").write_bytes(b"#!/bin/sh\n#PJM -N a\0b\n")

    refused = pjm.command("pjsub", "job.sh")

    assert (1, "[ERR.] PJM 0022 pjsub File format error: job.sh.\nFile line 2.\n") == (refused.code, refused.err)


def test_a_script_that_no_shell_can_run_ends_and_lets_others_run(pjm: Emulated) -> None:
    (pjm.work / "odd.sh").write_bytes(b"#!/bin/sh\0\ntrue\n")
    odd = pjm.command("pjsub", "-z", "jid", "odd.sh").out.strip()
    fine = pjm.submit("true")

    assert ["EXT 0 21 0", "EXT 0 0 0"] == [row.codes for row in pjm.ended(odd, fine)]
    assert "PJM 7009" in pjm.read(f"odd.sh.{odd}.err")


def test_names_that_are_no_utf8_come_back_byte_for_byte(pjm: Emulated) -> None:
    folder = os.fsencode(pjm.work) + b"/a\xfe b"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder), "job.sh").write_bytes(b"#PJM -S --comment c\xfd\npwd\n")

    submitted = raw(pjm, "pjsub", "-z", "jid", "-N", b"n\xff", "job.sh", cwd=folder)
    job = submitted.stdout.decode().strip()

    assert (0, b"") == (submitted.returncode, submitted.stderr)
    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert b",n\xff\n" in raw(pjm, "pjstat", "-H", "--data", "--choose", "jnam").stdout
    assert folder + b"\n" == Path(os.fsdecode(folder + b"/n\xff." + job.encode() + b".out")).read_bytes()
    assert b"c\xfd" in Path(os.fsdecode(folder + b"/n\xff." + job.encode() + b".stats")).read_bytes()


def test_a_name_cannot_make_two_rows_of_one(pjm: Emulated) -> None:
    refused = pjm.command("pjsub", "-N", "a\nb", stdin="true")
    job = pjm.submit(WAIT, name="a\n48000009 b.sh")
    (row,) = pjm.rows("--choose", "jid,jnam")

    assert (1, "[ERR.] PJM 0004 pjsub Invalid option argument: -N a\nb.\n") == (refused.code, refused.err)
    assert {"JOB_ID": job, "JOB_NAME": "a 48000009 b.sh"} == row
    assert 2 == len(pjm.command("pjstat").out.splitlines())
    pjm.go()


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


# Signals 32 and 33: no program can set them, and glibc's posix_spawn, which Python 3.13 uses, ignores them in children.
OF_THE_C_LIBRARY = 0b11 << 31


def test_a_job_has_nothing_of_the_process_that_woke_the_daemon(pjm: Emulated) -> None:
    script = pjm.script("umask; ulimit -c; grep -E '^Sig(Ign|Blk)' /proc/self/status\n")
    variables = {**os.environ, **pjm.variables}
    # In the background of a shell without job control, Ctrl-C and Ctrl-\ are ignored.
    line = f"umask 0077; trap '' INT QUIT TERM HUP; pjstat; umask 0027; pjsub -z jid {script.name}"

    shell = subprocess.run(
        ["/bin/sh", "-c", line], cwd=str(pjm.work), env=variables, stdout=subprocess.PIPE, text=True, check=True
    )
    job = shell.stdout.strip()
    pjm.ended(job)

    umask, core, *masks = pjm.read(f"job.sh.{job}.out").splitlines()
    signals = {name: int(mask, 16) & ~OF_THE_C_LIBRARY for name, mask in (line.split(":") for line in masks)}
    assert ("0027", "0", {"SigBlk": 0, "SigIgn": 0}) == (umask, core, signals)


def test_closed_and_full_streams_lose_no_job(pjm: Emulated) -> None:
    pjm.script("true")

    codes = [raw(pjm, "sh", "-c", f"pjsub job.sh {end}").returncode for end in (">&-", ">&- 2>&-", ">/dev/full")]

    assert [0, 0, 1] == codes
    assert 3 == len(emulator.jobs(pjm.folder))


def test_a_journal_on_a_full_disk_says_what_it_could(pjm: Emulated) -> None:
    pjm.command("pjstat", "1")
    journal = pjm.folder / "journal.jsonl"
    whole = journal.read_bytes()
    # The last line, of a command's end, is cut; and a beginning is missing.
    journal.write_bytes(whole[:-30])
    pjm.command("pjstat", "2")
    with journal.open("a", encoding="utf-8") as opened:
        opened.write(
            json.dumps({"event": "end", "call": "x", "seconds": 1, "exit": 0, "faults": [], "jobs": []}) + "\n"
        )

    found = emulator.calls(pjm.folder)

    assert [(("1",), None), (("2",), 0)] == [(call.argv, call.exit) for call in found]


WRONG_RULES = [
    ({"fault": "0290", "every": 0}, "every is 0, and must be at least 1"),
    ({"fault": "0290", "command": "pjstats"}, "must be one of pjsub, pjdel"),
    ({"fault": "vanish", "when": "never"}, "must be one of queued, running, ended"),
    ({"fault": "delay", "seconds": -1}, "seconds is -1, and must be at least 0"),
    ({"fault": "delay", "seconds": float("nan")}, "seconds is nan"),
    ({"fault": "end", "st": "RUN"}, "must be one of EXT, CCL, RJT"),
    ({"fault": "kill", "signal": 99}, "must be from 1 to 64"),
    ({"fault": "truncate", "files": [1]}, "must be a list of words"),
]


@pytest.mark.parametrize(("rule", "said"), WRONG_RULES, ids=[said for _, said in WRONG_RULES])
def test_a_rule_that_could_never_hit_is_refused(pjm: Emulated, rule: object, said: str) -> None:
    refused = pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": json.dumps([rule])})

    assert (2, "") == (refused.code, refused.out)
    assert said in refused.err
    assert "Traceback" not in refused.err


WRONG_SETTINGS = ["[]", '{"groups": {"small": {"nodes_max": "x"}}}', '{"groups": {"small": 3}}', '{"second": Infinity}']


@pytest.mark.parametrize("text", WRONG_SETTINGS)
def test_settings_that_mean_nothing_are_refused(pjm: Emulated, text: str) -> None:
    (pjm.folder / "emulator.json").write_text(text, encoding="utf-8")

    refused = pjm.command("pjstat")

    assert (2, "") == (refused.code, refused.out)
    assert "emulator.json" in refused.err
    assert "Traceback" not in refused.err
    (pjm.folder / "emulator.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize("read", [settings.read, faults.read])
@pytest.mark.parametrize(
    "content",
    [b"", b'{"nodes": ', b'{"nodes": "\xff"}', b"\0", b"[" * 200_000 + b"]" * 200_000, None],
    ids=["empty", "truncated", "not UTF-8", "NUL", "nested", "folder"],
)
def test_a_file_that_is_not_json_is_named(
    tmp_path: Path, content: Optional[bytes], read: Callable[..., object]
) -> None:
    path = tmp_path / "file.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(BadInput) as caught:
        read(path, {})
    assert f"{path} cannot be read" == caught.value.what


def test_a_day_is_a_day(pjm: Emulated) -> None:
    job = pjm.submit("true", "--at", "20990102")
    (row,) = pjm.rows("--choose", "sdt", job)
    ended = pjm.submit("true")
    pjm.ended(ended)

    assert "(01/02 00:00)@" == row["START_DATE"]
    assert [] == pjm.rows("-H", "start=20990102", ended)
    assert [ended] == [row["JOB_ID"] for row in pjm.rows("-H", "start=20200101", ended)]
    assert 1 == pjm.command("pjstat", "-H", "start=2020011").code


def test_who_is_held_and_then_deleted_is_deleted(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    pjm.wait_for(job, "RUN")
    daemon = int((pjm.folder / "daemon.lock").read_text(encoding="utf-8"))
    run = pjm.folder / "runs" / f"{job}.0"
    until((run / "started.json").exists)

    # The order to hold reaches the job, and before the daemon hears of its end somebody deletes it.
    os.kill(daemon, signal.SIGSTOP)
    (run / "order").write_text('{"order": "hold"}', encoding="utf-8")
    (run / "order").rename(run / "order.json")
    until((run / "result.json").exists)
    deleted = pjm.command("pjdel", job)
    os.kill(daemon, signal.SIGCONT)
    (row,) = pjm.ended(job)

    assert f"[INFO] PJM 0100 pjdel Accepted job {job}.\n" == deleted.out
    assert ("CCL", 1) == (row.st, row.pc)


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
