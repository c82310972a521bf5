"""The command line of a session: what it saves, and what is brought back when it is resumed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest

from pjm.client.command_line import own_arguments, resumed_arguments, saved_arguments
from pjm.errors import BadInput
from pjm.sessions import index
from pjm.sessions.session import Session


def begun(folder: Path, *arguments: str) -> Session:
    session = index.create(folder / ".pjm", {"arguments": arguments, "checkout": {}, "start": str(folder)})
    session.note("planned", job="x")
    session.close()
    return session


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([], []),
        (["--fugaku-emulate", "-q", "--fugaku-detach", "a.py"], ["--fugaku-emulate", "-q", "a.py"]),
        (["--fugaku-dry-run", "--fugaku-budget=1"], ["--fugaku-budget=1"]),
        (["--fugaku-resume=20260102-030405-0a1b", "-k", "b"], ["-k", "b"]),
        (["@words.txt", "-v"], ["-x", "a b.py", "-v"]),
    ],
)
def test_what_is_about_this_session_only_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: List[str], expected: List[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("-x\n--fugaku-detach\na b.py\n")
    config: Any = SimpleNamespace(invocation_params=SimpleNamespace(args=typed))

    assert expected == own_arguments(config)


@pytest.mark.parametrize("typed", ["--fugaku-resume", "--fugaku-resume ID", "--fugaku-resume=ID"])
@pytest.mark.parametrize("more", [[], ["test_it.py"], ["-v"]], ids=str)
def test_the_saved_command_line_is_put_before_the_one_that_is_typed(
    pytester: pytest.Pytester, typed: str, more: List[str]
) -> None:
    pytester.makepyfile(test_it="")
    saved = ["--fugaku-emulate", "-k", "a", "test_it.py"]
    identity = begun(pytester.path, *saved).identity

    config = pytester.parseconfig("-p", "pytest_pjm", *typed.replace("ID", identity).split(), *more)

    option = config.option
    assert (True, "a", int("-v" in more)) == (option.fugaku_emulate, option.keyword, option.verbose)
    assert (identity if "ID" in typed else "latest") == option.fugaku_resume
    assert (["test_it.py"], saved) == (config.args, resumed_arguments(config))


def test_a_session_is_resumed_only_in_the_folder_in_which_it_was_begun(tmp_path: Path) -> None:
    session = begun(tmp_path, "-q")

    assert ["-q"] == saved_arguments(tmp_path / ".pjm", session.identity, tmp_path)
    with pytest.raises(BadInput) as refusal:
        saved_arguments(tmp_path / ".pjm", session.identity, tmp_path / "below")
    assert f"session {session.identity} was begun in another folder" == refusal.value.what
    assert f"type: cd {tmp_path} && pytest --fugaku-resume={session.identity}" == refusal.value.fix
