"""A job whose pytest dies before its first test is told from one whose results cannot be written."""

from __future__ import annotations

import pytest

from tests.builders.fugaku_project import FugakuProject


@pytest.mark.parametrize(
    ("death", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGILL)", "it was ended by signal 4 (SIGILL)"),
        ("os._exit(0)", "its script ended with exit code 1"),
    ],
)
def test_it_says_how_the_process_ended(project: FugakuProject, death: str, says: str) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")
    project.write(f"if 'PJM_JOBID' in os.environ:\n    {death}\n", "conftest.py")

    ran = project.send()

    assert (1, {"error": 1}) == (ran.code, ran.counts()), ran.out
    assert says in ran.out
    assert "quota" not in ran.out
    assert 1 == len(project.submissions())
