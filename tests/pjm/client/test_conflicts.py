"""Options of pytest that exclude `--fugaku`, and options with which no test runs."""

from __future__ import annotations

import argparse
from typing import List

import pytest

from pjm.client.conflicts import check_together, stays_here
from pjm.errors import BadInput

XDIST = ["-p", "xdist"]
# The options of pytest-cov.
COVERAGE = """
def pytest_addoption(parser):
    parser.addoption("--cov", action="append", nargs="?", const=True, default=[], dest="cov_source")
    parser.addoption("--no-cov", action="store_true", dest="no_cov")
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
