"""Checks pytest's other options: which ones exclude `--fugaku`, and with which ones no test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pjm.errors import BadInput

if TYPE_CHECKING:
    import argparse

_ANYWHERE = "also in addopts and PYTEST_ADDOPTS"


def stays_here(option: argparse.Namespace) -> bool:
    """Whether pytest only shows something and runs no test, so that no jobs are needed."""
    shows = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "setuponly", "setupplan")
    return any(getattr(option, name, False) for name in shows)


def check_together(option: argparse.Namespace) -> None:
    """Raise BadInput if `--fugaku` and another option exclude each other."""
    if getattr(option, "numprocesses", None) or getattr(option, "tx", None) or getattr(option, "dist", "no") != "no":
        raise BadInput(
            "--fugaku does not go together with -n, --dist and --tx of pytest-xdist",
            "jobs run side by side already, and xdist's workers would each submit them",
            "leave out -n (add -p no:xdist if it is in addopts)",
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
