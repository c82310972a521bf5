"""Options and marks that exclude `--fugaku`, and options with which no test runs.

The plugins are tried by tests/end_to_end/plugins.
"""

from __future__ import annotations

import argparse
from typing import Dict, List

import pytest

from pjm.client.conflicts import check_marks, check_together, stays_here
from pjm.errors import BadInput

XDIST = ["-p", "xdist"]
# The options of pytest-cov.
COVERAGE = """
def pytest_addoption(parser):
    parser.addoption("--cov", action="append", nargs="?", const=True, default=[], dest="cov_source")
    parser.addoption("--no-cov", action="store_true", dest="no_cov")
"""
DEPENDENCY = """
import pytest

@pytest.mark.dependency()
def test_a(): pass

@pytest.mark.dependency(depends=["test_a"])
def test_b(): pass
"""


def options_of(pytester: pytest.Pytester, words: List[str]) -> argparse.Namespace:
    if "xdist" in words:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed: its options are NOT tested")
    pytester.makeconftest(COVERAGE)
    return pytester.parseconfig(*words).option


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([*XDIST, "-n2"], "-n, --dist and --tx of pytest-xdist"),
        ([*XDIST, "--dist=load"], "-n, --dist and --tx of pytest-xdist"),
        ([*XDIST, "--tx=popen"], "-n, --dist and --tx of pytest-xdist"),
        (["--cov=."], "--cov of pytest-cov"),
        *(([word], "--stepwise, --stepwise-skip and --stepwise-reset") for word in ("--sw", "--stepwise-skip")),
        *(([word], "--pdb and --trace") for word in ("--pdb", "--trace")),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_cannot_work_with_jobs_is_refused(pytester: pytest.Pytester, words: List[str], options: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_together(options_of(pytester, words))

    assert f"--fugaku does not go together with {options}" == refusal.value.what


@pytest.mark.parametrize(
    "words",
    [[], ["-x", "--lf"], [*XDIST, "-n0"], ["--cov=.", "--no-cov"]],
    ids=["nothing", "the first failure", "no workers", "no coverage"],
)
def test_what_changes_nothing_for_jobs_is_accepted(pytester: pytest.Pytester, words: List[str]) -> None:
    check_together(options_of(pytester, words))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, True) for word in ("--markers", "--fixtures", "--fixtures-per-test", "--setup-only", "--setup-plan")),
        *((word, False) for word in ("-v", "--setup-show", "--collect-only")),
    ],
)
def test_options_that_only_show_something_need_no_jobs(pytester: pytest.Pytester, word: str, expected: bool) -> None:
    assert expected == stays_here(pytester.parseconfig(word).option)


@pytest.mark.parametrize(
    ("options", "plugin"),
    [
        ({"inline_snapshot": "report,fix"}, "inline-snapshot"),
        ({"cucumber_json_path": "c.json"}, "pytest-bdd"),
        ({"insta": "clear"}, "pytest-insta"),
        ({"testmon": True}, "pytest-testmon"),
        ({"mpl_generate_summary": "html"}, "pytest-mpl"),
        ({"mpl_generate_hash_library": "hashes.json"}, "pytest-mpl"),
    ],
    ids=str,
)
def test_an_option_that_needs_all_tests_in_one_process_is_refused(options: Dict[str, object], plugin: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_together(argparse.Namespace(**options))

    assert "--fugaku does not go together with --" in refusal.value.what
    assert plugin in refusal.value.what


@pytest.mark.parametrize(
    "options",
    [{}, {"inline_snapshot": "report"}, {"inline_snapshot": None}, {"testmon": False}, {"insta": "update"}],
    ids=str,
)
def test_other_values_are_not(options: Dict[str, object]) -> None:
    check_together(argparse.Namespace(**options))


class Dependencies:
    """Stands where pytest-dependency is."""


def test_a_test_that_depends_on_another_by_a_plugin_is_refused_and_another_is_not(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = dependency: of pytest-dependency\n")
    items, _ = pytester.inline_genitems(pytester.makepyfile(test_it=DEPENDENCY))

    check_marks(items)  # without the plugin, the mark means nothing
    items[0].config.pluginmanager.register(Dependencies(), "dependency")
    check_marks(items[:1])
    with pytest.raises(BadInput) as refusal:
        check_marks(items)

    assert f"{items[1].nodeid} depends on other tests by the mark dependency" == refusal.value.what
