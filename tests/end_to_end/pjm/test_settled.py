"""What was told of tests that no job gave a result of is there for whoever looks at the session later."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.cli import main
from tests.builders.made_up_scheduler import write_results
from tests.end_to_end.pjm.test_watch import MACHINE, REQUEST, A, B, Following, settings_of, tasks


def test_a_finished_session_has_a_result_of_every_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.begin()
    write_results(one.watch.jobs[0].folder, 0, [A], end=False)
    one.scheduler.end("1.0", REQUEST)
    one.step(60)
    one.session.note("done")
    one.session.close()

    assert 0 == main(["show", f"--workdir={tmp_path}"])

    shown = capsys.readouterr().out
    assert "  2 of 2 tests have results\n" in shown
    assert f"  {B}: its job did not end well: over its elapse limit (code 11); no test was running\n" in shown
    assert "no result yet" not in shown


def test_what_was_skipped_is_shown_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = Following(tmp_path, tasks(2, b=(A,)), settings_of(tmp_path))
    chain.begin()
    chain.scheduler.end("1.0", REQUEST)
    chain.scheduler.end("1.1", REQUEST)
    chain.step(60)
    chain.session.close()

    assert 0 == main(["show", f"--workdir={tmp_path}"])
    assert f"  {B}: skipped: waits for {A}, which did not pass\n" in capsys.readouterr().out


def test_a_test_that_is_tried_again_has_no_result_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Following(tmp_path, tasks(1), settings_of(tmp_path))
    one.begin()
    one.scheduler.end("1.0", MACHINE)
    one.step(60)
    one.session.close()

    assert 0 == main(["show", f"--workdir={tmp_path}"])
    assert f"  no result yet: {A}\n" in capsys.readouterr().out
