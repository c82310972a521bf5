"""The user's own settings are read as pytest reads its configuration; what is wrong with them is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Tuple

import pytest

from pjm.errors import BadInput
from pjm.user_settings import settings_file, user_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "pytest-pjm").mkdir(mode=0o700)
    (tmp_path / "pytest-pjm" / "settings.ini").touch(mode=0o600)
    return tmp_path / "pytest-pjm" / "settings.ini"


def refused(file: Path, text: str) -> BadInput:
    file.write_text(text)
    with pytest.raises(BadInput) as refusal:
        user_settings()
    return refusal.value


def test_values_have_the_kinds_of_pytests_configuration(file: Path) -> None:
    file.write_text(
        "# mine\n[pytest]\nfugaku_group = hp1\nfugaku_python = 'a b/python' -u\n"
        "fugaku_prologue =\n    export A=1\n\n    export B=2\nfugaku_pjsub_options = -x 'A=b c'\n"
    )

    assert {
        "group": "hp1",
        "python": "'a b/python' -u",
        "prologue": ["export A=1", "export B=2"],
        "pjsub_options": ["-x", "A=b c"],
    } == user_settings()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[pytest]\n"])
def test_a_file_without_settings_and_no_file_are_the_same(file: Path, text: str) -> None:
    file.write_text(text)
    assert {} == user_settings()

    file.unlink()
    assert {} == user_settings()


@pytest.mark.parametrize("named", ["", "relative/folder"])
def test_without_a_folder_that_is_named_absolutely_it_is_below_the_home_folder(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", named)
    monkeypatch.setenv("HOME", "/home/me")

    assert Path("/home/me/.config/pytest-pjm/settings.ini") == settings_file()


@pytest.mark.parametrize(
    ("text", "what", "rest"),
    [
        ("fugaku_group = hp1\n", "{} cannot be read", ("line 1: ", "correct that line")),
        ("[pytest]\nfugaku_group\n", "{} cannot be read", ("line 2: ", "correct that line")),
        (
            "[tool:pytest]\nfugaku_group = hp1\n",
            "{} has a section [tool:pytest]",
            ("in the section [pytest]", "call it"),
        ),
        ("[pytest]\nfugaku_gruop = 1\n", "{} has 'fugaku_gruop'", ("it is no setting", "call it fugaku_group")),
        (
            "[pytest]\naddopts = -x\n",
            "{} has 'addopts'",
            ("it is no setting", "remove it; there are: fugaku_scheduler, "),
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_said(file: Path, text: str, what: str, rest: Tuple[str, str]) -> None:
    refusal = refused(file, text)

    assert what.format(file) == refusal.what
    assert rest[0] in refusal.why
    assert rest[1] in refusal.fix


def test_a_file_that_cannot_be_read_is_said(file: Path) -> None:
    file.write_bytes(b"\xff")
    with pytest.raises(BadInput, match=f"your settings in {file} cannot be read"):
        user_settings()

    file.unlink()
    file.mkdir()
    with pytest.raises(BadInput, match="Is a directory"):
        user_settings()


@pytest.mark.parametrize("of_folder", [False, True])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_a_file_that_others_may_change_or_replace_is_refused(file: Path, of_folder: bool, mode: int) -> None:
    place = file.parent if of_folder else file
    place.chmod(place.stat().st_mode | mode)

    refusal = refused(file, "[pytest]\nfugaku_group = hp1\n")

    assert f"your settings in {file} are not used" == refusal.what
    assert f"others may write to {place} (mode " in refusal.why
    assert refusal.fix.endswith(f"chmod go-w {place}")


def test_an_open_quote_is_said_with_name_and_value(file: Path) -> None:
    refusal = refused(file, "[pytest]\nfugaku_pjsub_options = --comment='a\n")

    assert (f"{file} has fugaku_pjsub_options = --comment='a", "close the quotes") == (refusal.what, refusal.fix)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file of another user")
def test_a_file_of_another_user_is_not_used(file: Path) -> None:
    file.write_text("[pytest]\nfugaku_group = hp1\n")
    os.chown(str(file), 12345, -1)

    with pytest.raises(BadInput) as refusal:
        user_settings()

    assert refusal.value.why.startswith(f"{file} belongs to another user (uid 12345)")
    assert f"make a file of your own: rm {file}" == refusal.value.fix
