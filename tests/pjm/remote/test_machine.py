"""The machine behind ssh: which folder there may be ours, and how the checkout gets into it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from pjm.errors import BadInput
from pjm.remote.checkout import Checkout, checkout_of
from pjm.remote.machine import Machine, connect, project, remove
from tests.builders.fake_ssh import FakeSsh


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project without git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "laptop").mkdir()
    return tmp_path / "laptop"


def looked(top: Path, folder: str = "ours") -> Machine:
    return connect("login", folder, top, top / ".pjm")


def refusal(call: Callable[[], object]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        call()
    return caught.value


def marker(folder: Path) -> Dict[str, object]:
    document: Dict[str, object] = json.loads((folder / ".pjm" / "pushed.json").read_text())
    return document


def contents(folder: Path) -> Dict[str, str]:
    """The files of a folder but ours."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".pjm" not in path.parts
    }


@pytest.mark.parametrize("name", ["ours", "~/ours", "a/b c/d'e", "$HOME", "-n", "~/-n", "*", "あ"])
def test_a_folder_that_does_not_exist_is_made_and_marked(there: FakeSsh, top: Path, name: str) -> None:
    machine = looked(top, name)

    folder = there.home / (name[2:] if name.startswith("~/") else name)
    assert str(folder) == machine.folder
    assert {"project": project(top), "files": {}} == marker(folder)
    assert [machine.folder, f"{machine.folder}/.pjm"] == [machine.roots.there(each) for each in (top, top / ".pjm")]


def test_our_folder_and_an_empty_one_are_taken(there: FakeSsh, top: Path) -> None:
    (there.home / "ours").mkdir()

    assert looked(top).folder == looked(top).folder == looked(top, f"{there.home}/ours").folder


@pytest.mark.parametrize("name", ["/", "~/", "~", ".", "..", "~/..", "ours/.."])
def test_home_and_what_is_above_it_are_refused(there: FakeSsh, top: Path, name: str) -> None:
    error = refusal(lambda: looked(top, name))

    assert error.what.startswith("fugaku_remote is /")
    assert "files that are gone here are removed there, and this folder holds more than one project" == error.why
    assert not (there.home / ".pjm").exists()


def test_home_is_refused_under_another_name_and_wherever_the_login_shell_goes(there: FakeSsh, top: Path) -> None:
    (there.folder / "link").symlink_to("home")
    there.write(before="cd /")

    error = refusal(lambda: looked(top, str(there.folder / "link")))

    assert f"fugaku_remote is {there.home} on login" == error.what
    assert str(there.home / "ours") == looked(top).folder


def test_the_folder_of_another_project_is_refused(there: FakeSsh, top: Path) -> None:
    other = top.parent / "other"
    other.mkdir()
    looked(other)

    error = refusal(lambda: looked(top))

    assert "another project, or another checkout of this one, was pushed there" == error.why
    assert error.fix.endswith(remove("login", str(there.home / "ours")))
    assert project(other) == marker(there.home / "ours")["project"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", "[" * 100_000, '{"project": 3}', "\0\xff"])
def test_a_marker_that_is_not_ours_is_refused(there: FakeSsh, top: Path, text: str) -> None:
    (there.home / "ours" / ".pjm").mkdir(parents=True)
    (there.home / "ours" / ".pjm" / "pushed.json").write_text(text, encoding="latin-1")

    assert "another project, or another checkout of this one, was pushed there" == refusal(lambda: looked(top)).why


@pytest.mark.parametrize("name", ["file", ".hidden", "two words", "na\udcefve"])
def test_a_folder_with_something_in_it_is_refused(there: FakeSsh, top: Path, name: str) -> None:
    (there.home / "ours").mkdir()
    (there.home / "ours" / name).touch()

    error = refusal(lambda: looked(top))

    assert f"it holds {name!r}, and was not made by pytest --fugaku" == error.why
    assert [name] == os.listdir(str(there.home / "ours"))  # noqa: PTH208 - of text


def test_a_folder_whose_marker_was_not_written_whole_is_taken(there: FakeSsh, top: Path) -> None:
    (there.home / "ours" / ".pjm").mkdir(parents=True)
    (there.home / "ours" / ".pjm" / "pushed.json.new").touch()

    looked(top)

    assert project(top) == marker(there.home / "ours")["project"]


def test_a_folder_that_cannot_be_made_is_refused(there: FakeSsh, top: Path) -> None:
    (there.home / "file").touch()

    error = refusal(lambda: looked(top, "file/ours"))

    assert "fugaku_remote is 'file/ours'" == error.what
    assert "login cannot make this folder: mkdir: " in error.why


def test_tools_that_are_missing_are_named(there: FakeSsh, top: Path) -> None:
    commands = there.folder / "few"
    commands.mkdir()
    for name in ("sh", "date", "mkdir", "ls", "cat", "find", "head", "wc", "xargs"):
        (commands / name).symlink_to(str(shutil.which(name)))
    there.write(before=f"export PATH={commands}")

    error = refusal(lambda: looked(top))

    assert "login cannot be used" == error.what
    assert "it has no tar and no awk and no tail on PATH, which copies files" == error.why
    assert [] == list(there.home.iterdir())


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("Host key verification failed.", "compare its key with what the site says"),
        ("me@login: Permission denied (publickey).", "load your key into the agent"),
        ("ssh: Could not resolve hostname login: Name or service not known", "correct the name"),
        ("ssh: connect to host login port 22: Connection timed out", "see what it says: ssh login true"),
    ],
)
def test_a_machine_that_cannot_be_reached_is_a_message(there: FakeSsh, top: Path, said: str, fix: str) -> None:
    there.write(before=f"echo '{said}' >&2; exit 255")

    error = refusal(lambda: looked(top))

    assert "login cannot be reached by ssh" == error.what
    assert f"login did not answer (ssh's exit code 255): {said}" == error.why
    assert error.fix.startswith(fix)


def test_without_ssh_there_is_a_message(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(top))

    error = refusal(lambda: looked(top))

    assert "there is no ssh on PATH" == error.why
    assert "install OpenSSH's client, or leave out fugaku_host" == error.fix


def test_a_shell_that_is_not_posix_is_a_message(there: FakeSsh, top: Path) -> None:
    there.write(before='printf "%s" "" | cat; echo "exec: Command not found." >&2; exit 1')

    assert "login did not answer (ssh's exit code 1): exec: Command not found." == refusal(lambda: looked(top)).why


def pretend(there: FakeSsh, seconds: int, zone: str) -> None:
    """Give the machine another clock and time zone."""
    date = there.folder / "bin" / "date"
    date.write_text(f'#!/bin/sh\nexport TZ={zone}\nexec {shutil.which("date")} -d "{seconds} seconds" "$@"\n')
    date.chmod(0o755)


def test_clocks_that_agree_differ_by_nothing(there: FakeSsh, top: Path) -> None:
    machine = looked(top)

    assert (timedelta(), 0.0) == (machine.ahead, machine.skew)


def test_a_clock_that_is_ahead_is_seen(there: FakeSsh, top: Path) -> None:
    pretend(there, 1000, "UTC")

    assert 990 < looked(top).skew < 1030


def test_another_time_zone_is_no_other_clock(there: FakeSsh, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(there, 0, "JST-9")
    machine = looked(top)
    ours = datetime.now().astimezone().utcoffset() or timedelta()

    assert 0.0 == machine.skew
    assert timedelta(hours=8, minutes=59) < machine.ahead + ours < timedelta(hours=9, minutes=1)


def push(top: Path) -> List[int]:
    return list(looked(top).push(checkout_of(top, top / ".pjm")))


def test_a_push_sends_what_has_changed_and_removes_what_is_gone(there: FakeSsh, top: Path) -> None:
    for name in ("kept", "changed", "gone"):
        (top / name).write_text("1")
    first = push(top)
    (there.home / "ours" / "of-a-job").write_text("stays")
    (top / "changed").write_text("23")
    (top / "gone").unlink()
    (top / "new").write_text("456")

    second, third = push(top), push(top)

    assert [[3, 3], [2, 5], [0, 0]] == [first, second, third]
    assert {"changed": "23", "kept": "1", "new": "456", "of-a-job": "stays"} == contents(there.home / "ours")


def test_a_push_that_was_not_finished_is_done_again(there: FakeSsh, top: Path) -> None:
    (top / "file").write_text("1")
    machine = looked(top)
    there.write(before="echo 'ssh: cut' >&2; exit 255")
    error = refusal(lambda: machine.push(checkout_of(top, top / ".pjm")))
    there.write()

    assert "login does not answer any more" == error.what
    assert [1, 1] == push(top)


def test_files_become_folders_and_links_and_back(there: FakeSsh, top: Path) -> None:
    ours, outside = there.home / "ours", there.home / "outside"
    outside.mkdir()
    (outside / "inner").write_text("not ours")
    thing = top / "thing"

    thing.write_text("file")
    push(top)
    assert {"thing": "file"} == contents(ours)
    thing.unlink()
    thing.mkdir()
    (thing / "inner").write_text("in a folder")
    push(top)
    (ours / "thing" / "of-a-job").touch()
    assert "in a folder" == (ours / "thing" / "inner").read_text()
    shutil.rmtree(str(thing))
    thing.symlink_to("../outside")
    push(top)
    assert (ours / "thing").is_symlink()
    thing.unlink()
    thing.mkdir()
    (thing / "inner").write_text("again")
    push(top)
    assert {"thing/inner": "again"} == contents(ours)
    shutil.rmtree(str(thing))
    thing.write_text("file")
    push(top)

    assert {"thing": "file"} == contents(ours)
    assert "not ours" == (outside / "inner").read_text()


def test_nothing_is_removed_through_a_link_after_a_push_that_was_cut(there: FakeSsh, top: Path) -> None:
    outside = there.home / "outside"
    outside.mkdir()
    (outside / "inner").write_text("not ours")
    (top / "thing").mkdir()
    (top / "thing" / "inner").write_text("1")
    push(top)
    shutil.rmtree(str(top / "thing"))
    (top / "thing").symlink_to("../outside")
    old = marker(there.home / "ours")
    push(top)
    (there.home / "ours" / ".pjm" / "pushed.json").write_text(json.dumps(old))  # as if the last step had not come

    push(top)

    assert "not ours" == (outside / "inner").read_text()


@pytest.mark.parametrize("name", ["-rf", "a b", "it's", "*", "$(x)", "new\nline", "na\udcefve", "あ" * 80, "\\"])
def test_a_file_of_any_name_comes_and_goes(there: FakeSsh, top: Path, name: str) -> None:
    (top / "kept").write_text("1")
    (top / name).write_text("2")
    push(top)
    assert {name: "2", "kept": "1"} == contents(there.home / "ours")
    (top / name).unlink()

    push(top)

    assert {"kept": "1"} == contents(there.home / "ours")


def test_many_files_with_long_names_are_removed(there: FakeSsh, top: Path) -> None:
    for number in range(600):
        (top / f"{number}{'あ' * 80}").touch()
    push(top)
    for path in top.iterdir():
        path.unlink()

    push(top)

    assert {} == contents(there.home / "ours")


def test_nobody_else_can_read_what_is_pushed(there: FakeSsh, top: Path) -> None:
    (top / "inner").mkdir()
    (top / "inner" / "program").touch(0o755)
    push(top)

    ours = there.home / "ours"
    for path in (ours, ours / ".pjm", ours / "inner", ours / "inner" / "program"):
        assert 0o700 == path.stat().st_mode & 0o777, path


def test_a_file_that_is_gone_again_is_a_message(there: FakeSsh, top: Path) -> None:
    machine = looked(top)

    error = refusal(lambda: machine.push(Checkout(top, {"gone": [1, 1, 0, 0]})))

    assert "the checkout cannot be pushed to login" == error.what
    assert f"No such file or directory: {top / 'gone'}" == error.why


def test_a_file_that_becomes_shorter_meanwhile_is_a_message(
    there: FakeSsh, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = looked(top)

    def pack(*_: object) -> None:
        raise OSError("unexpected end of data")  # as tarfile says it

    monkeypatch.setattr("pjm.remote.machine.pack", pack)

    error = refusal(lambda: machine.push(Checkout(top, {"shorter": [1, 1, 0, 0]})))

    assert "unexpected end of data" == error.why


def test_what_cannot_be_written_there_is_a_message_of_tar(there: FakeSsh, top: Path) -> None:
    (top / "file").write_text("1")
    looked(top)
    (there.home / "ours" / "file" / "in-the-way").mkdir(parents=True)

    error = refusal(lambda: push(top))

    assert f"files cannot be written to {there.home}/ours on login" == error.what
    assert error.why.startswith("tar: file: Cannot open")


@pytest.mark.parametrize("workdir", [".", ".."])
def test_the_folder_of_sessions_may_not_hold_the_project(there: FakeSsh, top: Path, workdir: str) -> None:
    folder = (top / workdir).resolve()

    error = refusal(lambda: connect("login", "ours", top, folder))

    assert f"fugaku_workdir is {folder}" == error.what
    assert [] == there.calls()


def test_the_python_of_the_jobs_has_to_be_there(there: FakeSsh, top: Path) -> None:
    machine = looked(top)

    machine.require_python(("sh", "-x"), top)
    error = refusal(lambda: machine.require_python(("/no/such/python", "-X", "dev"), top))

    assert "fugaku_python is '/no/such/python -X dev'" == error.what
    assert "login has no /no/such/python" == error.why


def test_a_project_is_known_by_who_and_where(top: Path) -> None:
    assert project(top) == project(top) != project(top / "other")
    assert str(top) not in project(top)


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        (
            "Offending RSA key in /home/me/.ssh/known_hosts:3\nRSA host key for [a.b]:22022 has changed and you have "
            "requested strict checking.",
            "ssh-keygen -f /home/me/.ssh/known_hosts -R '[a.b]:22022'; ssh login true",
        ),
        (
            "No ED25519 host key is known for a.b and you have requested strict checking.",
            "ssh -o StrictHostKeyChecking=ask login true",
        ),
    ],
)
def test_a_key_is_forgotten_and_accepted_under_the_name_that_ssh_knows_it_by(
    there: FakeSsh, top: Path, said: str, typed: str
) -> None:
    there.write(before=f"printf '%s\\n' '{said}' >&2; exit 255")

    assert refusal(lambda: looked(top)).fix.endswith(f": {typed}")
