"""The plugin by each of its names: it is loaded once, and can be blocked."""

from __future__ import annotations

from typing import List, Sequence

import pytest

COUNTED = """
def test_counts(pytestconfig):
    hook = pytestconfig.pluginmanager.hook.pytest_collection_finish
    found = [each for each in hook.get_hookimpls() if each.function.__module__ == "pytest_pjm"]
    print(f"{len(found)} hooks, {pytestconfig.getoption('fugaku', None)}")
"""
NAMES = ("pjm.plugin", "pytest_pjm")
# What lists them in a conftest.py, and the options.
LOADED = [
    ([], ["-p", "pjm.plugin"]),
    ([], ["-p", "pytest_pjm"]),
    ([], ["-p", "pjm.plugin", "-p", "pytest_pjm"]),
    ([], ["-p", "pytest_pjm", "-p", "pjm.plugin"]),
    (["pjm.plugin"], ["-p", "pytest_pjm"]),
    (["pytest_pjm"], ["-p", "pjm.plugin"]),
    (["pjm.plugin"], []),
    (["pytest_pjm"], []),
    (NAMES, []),
]
BLOCKED = [["-p", f"no:{name}"] for name in ("pjm", *NAMES)]


def counted(pytester: pytest.Pytester, listed: Sequence[str], options: Sequence[str]) -> str:
    """What a test says of the hooks of the plugin and the value of its option."""
    pytester.makeconftest(f"pytest_plugins = {list(listed)}")
    pytester.makepyfile(COUNTED)
    ran = pytester.runpytest_inprocess("-rP", *options)
    assert 0 == ran.ret
    return next(line for line in ran.outlines if line.endswith(("None", "False", "True")))


@pytest.mark.parametrize("installed", [True, False], ids=["installed", "not installed"])
@pytest.mark.parametrize(("listed", "options"), LOADED, ids=str)
def test_the_plugin_is_loaded_once_by_whatever_names(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, listed: List[str], options: List[str], installed: bool
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    if not installed:
        monkeypatch.setattr("importlib.metadata.distributions", tuple)

    assert "1 hooks, False" == counted(pytester, listed, options)


@pytest.mark.parametrize("autoload", ["", "1"], ids=["entry point", "no entry point"])
def test_workers_of_xdist_load_the_plugin_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, autoload: str
) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed: workers are NOT tested")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", autoload)

    assert "1 hooks, False" == counted(pytester, ["pjm.plugin"], ["-p", "pytest_pjm", "-p", "xdist", "-n", "1"])


@pytest.mark.parametrize("options", BLOCKED, ids=" ".join)
def test_an_installed_plugin_is_blocked_by_any_of_its_names(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: List[str]
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)

    assert "0 hooks, None" == counted(pytester, [], options)
