"""kill -9 of the client while its slow pjsub runs on: whoever comes back waits for that one's end."""

from __future__ import annotations

import os
import signal

from tests.builders.fugaku_project import FugakuProject
from tests.builders.processes import until


def test_a_job_is_submitted_once_although_its_pjsub_outlived_the_client(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_once():\n    open('ran', 'a').write('x')\n")
    begun = project.slow_submission()
    client = project.start("--fugaku", "--fugaku-emulate")
    until(begun)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()

    resumed = project.run("--fugaku-resume", "-o", "fugaku_grace=0.5")

    assert (0, {"passed": 1}) == (resumed.code, resumed.counts()), resumed.out
    assert 1 == len([job for call in project.submissions() for job in call.jobs]), project.submissions()
    assert 1 == len(project.submissions())
    assert "x" == (project.there / "ran").read_text()
