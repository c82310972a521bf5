"""`after=` without `--fugaku`: a test never runs before what it waits for, and never passes in silence without it."""

from __future__ import annotations

import pytest

from pjm.client.local_after import _not_run

ESTIMATE_FIRST = """
import pytest

@pytest.mark.fugaku(after="test_train")
def test_estimate():
    assert 0

@pytest.mark.fugaku
def test_train():
    pass
"""
PLUGIN = ("-p", "pjm.plugin")


def test_failed_first_does_not_put_a_test_before_what_it_waits_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=ESTIMATE_FIRST)
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1, failed=1)

    again = pytester.runpytest_inprocess(*PLUGIN, "--ff")

    again.assert_outcomes(passed=1, failed=1)


def test_a_test_waits_only_for_what_is_selected_after_all(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=ESTIMATE_FIRST)

    ran = pytester.runpytest_inprocess(*PLUGIN, "-k", "estimate")

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    ran.stderr.fnmatch_lines(["*says after='test_train'*", "*pytest test_it.py::test_train test_it.py::test_estimate"])


def test_what_has_not_run_at_all_is_an_error_and_no_reason_to_skip(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=ESTIMATE_FIRST)
    # As with workers of pytest-xdist, which run some of the tests each.
    pytester.makeconftest("def pytest_runtestloop(session): del session.items[0]")

    ran = pytester.runpytest_inprocess(*PLUGIN)

    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*waits for test_it.py::test_train, which has not run in this process*"])


def test_tests_of_two_files_need_one_process() -> None:
    assert "add --dist loadfile" in _not_run("test_a.py::test_x", "test_a.py::test_y").fix
    assert "add -n0" in _not_run("test_a.py::test_x", "test_b.py::test_y").fix


def test_workers_of_xdist_that_get_whole_files_keep_to_the_order(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed: tests side by side are NOT tested")
    pytester.makepyfile(test_it=ESTIMATE_FIRST)

    ran = pytester.runpytest_subprocess(*PLUGIN, "-p", "xdist", "-n", "2", "--dist", "loadfile")

    ran.assert_outcomes(passed=1, failed=1)
