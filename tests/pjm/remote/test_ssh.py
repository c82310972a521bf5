"""Commands on another machine: what is its answer, and what is only a line that was cut."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import IO, cast

import pytest

from pjm.batch.host import HungError, NotStartedError
from pjm.batch.roots import Roots
from pjm.remote.ssh import SUBMITTING, CutError, Ssh, SshHost, connection
from tests.builders.fake_ssh import FakeSsh
from tests.builders.processes import until

LOGIN = Ssh("login")
TIME = 30.0  # seconds
NOISE = "echo welcome; echo 'no such module' >&2; printf 'no end of line'"


def test_the_answer_is_exit_code_and_both_streams(there: FakeSsh) -> None:
    assert (3, b"out\n", b"err\n") == LOGIN.run("echo out; echo err >&2; exit 3", TIME)


def test_bytes_come_back_as_they_are(there: FakeSsh) -> None:
    _, out, _ = LOGIN.run(r"printf '\n\000\377\n\n'", TIME)

    assert b"\n\0\xff\n\n" == out


def test_what_the_shells_print_before_and_after_is_left_out(there: FakeSsh) -> None:
    there.write(before=NOISE, after=NOISE)

    assert (0, b"out\n", b"err\n") == LOGIN.run("echo out; echo err >&2", TIME)


def test_exit_code_255_of_the_command_is_an_answer(there: FakeSsh) -> None:
    assert (255, b"", b"") == LOGIN.run("exit 255", TIME)


def test_exit_code_255_of_ssh_is_no_answer(there: FakeSsh) -> None:
    there.write(before="echo 'ssh: connect to host login port 22: Connection refused' >&2; exit 255")

    with pytest.raises(CutError) as caught:
        LOGIN.run("echo out", TIME)

    said = "ssh: connect to host login port 22: Connection refused"
    assert f"login did not answer (ssh's exit code 255): {said}" == str(caught.value)


def test_an_answer_without_an_end_is_none(there: FakeSsh) -> None:
    with pytest.raises(CutError, match="login did not answer"):
        LOGIN.run("echo out; kill -9 $PPID $$", TIME)


def test_a_line_that_is_cut_after_the_end_of_the_command_is_an_answer(there: FakeSsh) -> None:
    there.write(after="exit 255")

    assert (0, b"out\n", b"") == LOGIN.run("echo out", TIME)


def test_a_shell_that_refuses_everything_is_quoted(there: FakeSsh) -> None:
    there.write(before="echo 'This account is currently not available.'; exit 1")

    with pytest.raises(CutError, match=r"ssh's exit code 1\): This account is"):
        LOGIN.run("echo out", TIME)


def test_a_command_that_does_not_end_is_given_up(there: FakeSsh) -> None:
    with pytest.raises(HungError):
        LOGIN.run("exec sleep 60", 1.0)


def test_data_is_the_standard_input_from_its_position(there: FakeSsh) -> None:
    data = io.BytesIO(b"left out\nline\n\0\xff")
    data.seek(9)

    assert (0, b"line\n\0\xff", b"") == LOGIN.run("cat", TIME, cast("IO[bytes]", data))


def test_names_that_are_not_utf8_arrive(there: FakeSsh) -> None:
    (Path(os.fsdecode(os.fsencode(there.home) + b"/na\xefve"))).write_text("found")

    assert (0, b"found", b"") == LOGIN.run("cat na\udcefve", TIME)


def test_a_long_line_arrives(there: FakeSsh) -> None:
    code, out, _ = LOGIN.run(f": {'x' * 100_000}; echo out", TIME)

    assert (0, b"out\n") == (code, out)


@pytest.mark.parametrize("script", [f": {'x' * 130_000}", f": {'あ' * 50_000}", "cat 'a\nb'"])
def test_what_would_not_arrive_as_it_is_is_not_sent(there: FakeSsh, script: str) -> None:
    with pytest.raises(NotStartedError) as caught:
        LOGIN.run(script, TIME)

    assert not caught.value.missing
    assert [] == there.calls()


def test_there_may_be_no_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotStartedError) as caught:
        LOGIN.run("echo out", TIME)

    assert caught.value.missing


def test_nothing_asks_for_a_password(there: FakeSsh) -> None:
    LOGIN.run("echo out", TIME)

    (call,) = there.calls()
    assert "-T -o BatchMode=yes" in call


def test_a_master_connection_of_ours_is_asked_for(there: FakeSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")  # noqa: S108 - names of sockets are short

    options = connection("login").options

    folder = Path(next(each for each in options if each.startswith("ControlPath=")).partition("=")[2]).parent
    assert "ControlMaster=auto" in options
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)


def test_the_users_own_master_connection_is_used(there: FakeSsh) -> None:
    there.write(configured="echo user me; echo controlpath /run/mine; echo controlmaster auto")

    assert () == connection("login").options


def test_without_a_private_folder_there_is_no_master(
    there: FakeSsh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("pjm.remote.ssh._LONGEST_PLACE", 500)
    foreign = tmp_path / f"pjm-ssh-{os.getuid()}"
    foreign.mkdir()
    foreign.chmod(0o777)

    assert () == connection("login").options


def test_a_host_has_the_commands_that_were_seen(there: FakeSsh) -> None:
    host = SshHost(LOGIN, Roots(), known=frozenset({"pjsub"}))

    assert [True, False] == [host.has("pjsub"), host.has("cat")]
    assert [] == there.calls()


def test_a_host_runs_words_as_they_are_in_the_folder_there(there: FakeSsh, tmp_path: Path) -> None:
    folder = there.home / "it's here"
    folder.mkdir()
    host = SshHost(LOGIN, Roots(((tmp_path / "laptop", str(folder)),)), "export A=1; ")

    answer = host.run(["sh", "-c", 'pwd; echo "$A" "$1"', "sh", "$(no) 'such"], TIME, tmp_path / "laptop")

    assert (0, f"{folder}\n1 $(no) 'such\n", "") == (answer.code, answer.out, answer.err)


def test_a_command_that_is_missing_there_has_not_started(there: FakeSsh) -> None:
    with pytest.raises(NotStartedError, match="there is no pjsub on PATH of login") as caught:
        SshHost(LOGIN, Roots()).run(["pjsub"], TIME)

    assert caught.value.missing


def test_a_submission_leaves_its_answer_there(there: FakeSsh, tmp_path: Path) -> None:
    host = SshHost(LOGIN, Roots(((tmp_path / "laptop", str(there.home)),)))

    answer = host.run(["sh", "-c", "echo taken; echo warned >&2; exit 4"], TIME, tmp_path / "laptop", (0,))

    assert (4, "taken\n", "warned\n") == (answer.code, answer.out, answer.err)
    assert "4\n" == (there.home / f"{SUBMITTING}.code").read_text()
    assert (there.home / SUBMITTING).read_text().strip().isdigit()


def test_a_submission_outlives_the_line(there: FakeSsh, tmp_path: Path) -> None:
    there.write(before='exec 3<&0; /bin/sh -c "$last" <&3 2>&1 | sleep 0.5 & sleep 0.5; exit 255')
    host = SshHost(LOGIN, Roots(((tmp_path / "laptop", str(there.home)),)))

    with pytest.raises(CutError):
        host.run(["sh", "-c", "sleep 1; echo taken"], TIME, tmp_path / "laptop", (0,))

    code = there.home / f"{SUBMITTING}.code"
    assert not code.exists()
    until(lambda: code.exists() and code.read_text() == "0\n")
    assert "taken\n" == (there.home / f"{SUBMITTING}.out").read_text()
