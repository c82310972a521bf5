"""Passing, failing, errors, skips, expected failures."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any, Callable, List

import pytest


def test_passes() -> None:
    pass


def test_fails() -> None:
    expected, actual = {"a": [1, 2]}, {"a": [1, 3]}

    assert expected == actual


def test_fails_with_a_message() -> None:
    pytest.fail("as it should\nin two lines")


def test_fails_without_a_traceback() -> None:
    pytest.fail("only this", pytrace=False)


def test_raises() -> None:
    raise ValueError("odd value: \x1b[31m é 日本 \udc80")


def test_raises_from_another() -> None:
    try:
        {}["missing"]
    except KeyError as error:
        raise OSError(2, "second") from error


def test_exits() -> None:
    sys.exit(3)


def test_fails_in_a_library() -> None:
    json.loads("{")  # short: where pytest folds a line depends on the length of an address


def test_error_in_setup(broken: None) -> None:
    pass


def test_error_in_teardown(breaking: None) -> None:
    pass


def test_fails_and_errors_in_teardown(breaking: None) -> None:
    raise AssertionError("first this")


def test_unknown_fixture(no_such_fixture: None) -> None:
    pass


def test_skips() -> None:
    pytest.skip("not today")


@pytest.mark.skip(reason="never")
def test_is_skipped() -> None:
    pass


@pytest.mark.skip
def test_is_skipped_for_no_reason() -> None:
    pass


@pytest.mark.skipif(sys.version_info > (3,), reason="only on Python 2")
def test_is_skipped_if() -> None:
    pass


@pytest.mark.skipif(sys.version_info < (3,), reason="only on Python 3")
def test_is_not_skipped_if() -> None:
    pass


def test_imports_or_skips() -> None:
    pytest.importorskip("no_such_module_anywhere")


@pytest.fixture
def skipping() -> None:
    pytest.skip("from the fixture")


def test_skips_in_setup(skipping: None) -> None:
    pass


@pytest.mark.xfail(reason="known")
def test_xfails() -> None:
    raise AssertionError


@pytest.mark.xfail
def test_xfails_for_no_reason() -> None:
    raise AssertionError


@pytest.mark.xfail(reason="it was fixed")
def test_xpasses() -> None:
    pass


@pytest.mark.xfail(strict=True, reason="it was fixed too")
def test_xpasses_strictly() -> None:
    pass


@pytest.mark.xfail(raises=ZeroDivisionError)
def test_xfails_otherwise() -> None:
    raise KeyError("other")


@pytest.mark.xfail(run=False, reason="would hang")
def test_xfails_without_running() -> None:
    raise SystemExit


def test_xfails_from_within() -> None:
    pytest.xfail("changed my mind")


@pytest.mark.xfail(reason="broken setup")
def test_xfails_in_setup(broken: None) -> None:
    pass


def test_prints(capsys: pytest.CaptureFixture[str]) -> None:
    print("taken by the fixture")
    assert "taken by the fixture\n" == capsys.readouterr().out
    print("left to pytest")


def test_prints_and_fails() -> None:
    print("to stdout é")
    print("to stderr", file=sys.stderr)
    logging.getLogger("suite").warning("logged %s", "this")
    raise AssertionError("after printing")


def test_writes_odd_characters() -> None:
    print("\x00\x07 \u2028 \U0001f980 \ud800".encode("utf-8", "replace").decode())


def test_warns() -> None:
    warnings.warn("mind the gap", stacklevel=1)


class OwnWarning(UserWarning):
    pass


def test_warns_in_its_own_way() -> None:
    warnings.warn(OwnWarning("mind me"), stacklevel=1)


@pytest.mark.filterwarnings("error")
def test_fails_for_a_warning() -> None:
    warnings.warn("now an error", DeprecationWarning, stacklevel=1)


def test_has_properties(record_property: Callable[[str, object], None]) -> None:
    record_property("number", 3)
    record_property("tuple", (1, "two", (3.5, None)))
    record_property("odd", {"a": b"\x00", 4: {5}})
    record_property("made", complex(1, 2))


def test_has_properties_and_fails(record_property: Callable[[str, object], None]) -> None:
    record_property("text", "<&>'\"")
    raise AssertionError


def test_has_an_attribute(record_xml_attribute: Callable[[str, object], None]) -> None:
    record_xml_attribute("assertions", "7")


def test_has_a_suite_property(record_testsuite_property: Callable[[str, object], None]) -> None:
    record_testsuite_property("machine", "any")


HOSTILE = [
    "blank in it",
    "[brackets]",
    "a]b[c",
    "quote'",
    'double"quote',
    "new\nline",
    "tab\t",
    "日本語",
    "$(touch hacked)",
    "`touch hacked`",
    "; touch hacked #",
    "back\\slash",
    "a::b",
    "per%cent%b",
    "-x",
    "@file",
    "\U0001f980",
    "*?",
    "a,b",
    "é" * 50,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile(text: str) -> None:
    assert text in HOSTILE


@pytest.mark.parametrize("text", HOSTILE[:8])
def test_hostile_and_failing(text: str) -> None:
    assert text == 1


@pytest.mark.parametrize(("value", "other"), [(1.5, None), (b"\xff", True), (object, len), ([], {})])
def test_odd_parameters(value: Any, other: Any) -> None:
    assert value != other


@pytest.mark.parametrize("value", [pytest.param(1, marks=pytest.mark.xfail), pytest.param(2, id="two")])
def test_marked_parameters(value: int) -> None:
    assert value == 2


@pytest.mark.parametrize("value", [])
def test_no_parameters(value: int) -> None:
    pass


@pytest.fixture(params=["a", "b"])
def lettered(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_parametrised_fixture(lettered: str) -> None:
    assert lettered == "a"


@pytest.mark.usefixtures("whole")
def test_uses_fixtures(whole: List[str]) -> None:
    whole.append("plain")
    assert "plain" in whole


def test_monkeypatches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")


def test_sees_the_environment_of_a_plain_run(request: pytest.FixtureRequest) -> None:
    import os

    assert [] == [name for name in os.environ if name.startswith("PYTEST_PJM")]
    assert request.config.rootpath == Path(__file__).parent
