"""Checks options and marks of pytest and its plugins: which exclude `--fugaku`, and with which options no test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Iterable, NamedTuple

from pjm.errors import BadInput

if TYPE_CHECKING:
    import argparse

    import pytest

_ANYWHERE = "also in addopts and PYTEST_ADDOPTS"
_HERE = "leave it out, or run these tests here, without --fugaku"


def stays_here(option: argparse.Namespace) -> bool:
    """Whether pytest only shows something and runs no test, so that no jobs are needed."""
    shows = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "setuponly", "setupplan")
    return any(getattr(option, name, False) for name in shows)


class _Refusal(NamedTuple):
    """An option of a plugin that is refused.

    Attributes:
        option: its attribute in pytest's options.
        shown: the option and its plugin, for the message.
        why: what parallel jobs make impossible.
        way_out: what to do instead.
        meant: whether a value of the option is refused; any that is true by default.
    """

    option: str
    shown: str
    why: str
    way_out: str = _HERE
    meant: Callable[[object], bool] = bool


def _changes_sources(flags: object) -> bool:
    return isinstance(flags, str) and not {"create", "fix", "trim", "update", "review"}.isdisjoint(flags.split(","))


_REFUSED = (
    _Refusal(
        "inline_snapshot",
        "--inline-snapshot of inline-snapshot, with a flag that changes files,",
        "each job would rewrite the test files while the others read them",
        "change them here, without --fugaku; comparing with --fugaku works",
        _changes_sources,
    ),
    _Refusal(
        "cucumber_json_path",
        "--cucumberjson of pytest-bdd",
        "what it writes of a scenario stays in the process that ran it, so that each job's file would have a part",
        "use --junitxml, or run the scenarios here, without --fugaku",
    ),
    _Refusal(
        "insta",
        "--insta=clear, --insta=review and --insta=review-only of pytest-insta",
        "they go through what was recorded for all tests, and a job has no terminal for their questions",
        "do that here, without --fugaku; comparing and --insta=update work with --fugaku",
        lambda strategy: strategy in ("clear", "review", "review-only"),
    ),
    _Refusal("testmon", "--testmon of pytest-testmon", "all jobs would write one SQLite file, from several machines"),
    _Refusal(
        "mpl_generate_summary",
        "--mpl-generate-summary of pytest-mpl",
        "each job would write a summary of its own tests over that of the others",
        "leave it out: --mpl compares and keeps each test's images with --fugaku, too",
    ),
    _Refusal(
        "mpl_generate_hash_library",
        "--mpl-generate-hash-library of pytest-mpl",
        "each job would write a library of its own tests over that of the others",
    ),
)


def check_together(option: argparse.Namespace) -> None:
    """Raise BadInput if `--fugaku` and another option exclude each other."""
    if getattr(option, "numprocesses", None) or getattr(option, "tx", None) or getattr(option, "dist", "no") != "no":
        raise BadInput(
            "--fugaku does not go together with -n, --dist and --tx of pytest-xdist",
            "jobs run side by side already, and xdist's workers would each submit them",
            "leave them out; if they are in addopts or PYTEST_ADDOPTS, add -n0",
        )
    if getattr(option, "cov_source", None) and not getattr(option, "no_cov", False):
        raise BadInput(
            "--fugaku does not go together with --cov of pytest-cov",
            "each job would erase and write the same data file, and the total would depend on which job ends last",
            "add --no-cov, or measure with all tests here, without --fugaku",
        )
    if any(getattr(option, name, False) for name in ("stepwise", "stepwise_skip", "stepwise_reset")):
        raise BadInput(
            "--fugaku does not go together with --stepwise, --stepwise-skip and --stepwise-reset",
            "they leave out what comes before the last failure, and in jobs tests before it may have failed later",
            f"leave them out, {_ANYWHERE}; -x stops at the first failure, --lf runs all that failed",
        )
    if getattr(option, "usepdb", False) or getattr(option, "trace", False):
        raise BadInput(
            "--fugaku does not go together with --pdb and --trace",
            "a test in a job has no terminal to debug it at",
            f"debug the test here, without --fugaku; or leave them out, {_ANYWHERE}",
        )
    for refused in _REFUSED:
        if refused.meant(getattr(option, refused.option, None)):
            raise BadInput(f"--fugaku does not go together with {refused.shown}", refused.why, refused.way_out)


def check_marks(items: Iterable[pytest.Item]) -> None:
    """Raise BadInput if a test in a job waits for another one by the mark of pytest-dependency."""
    for item in items:
        depends = [mark.kwargs.get("depends") for mark in item.iter_markers("dependency")]
        if any(depends) and item.config.pluginmanager.hasplugin("dependency"):
            raise BadInput(
                f"{item.nodeid} depends on other tests by the mark dependency",
                "pytest-dependency knows the outcomes of its own process alone, and these tests may run in another job",
                'name them in the mark of the job as well, fugaku(after="test_before"), and leave out the other mark',
            )
