"""What jobs used, and what is said of them, stays true after Ctrl-C, a detach and a resume."""

from __future__ import annotations

import json
import re
import signal
import sys
from typing import Any, Dict, List

from tests.builders.fugaku_project import ROOT, FugakuProject, shown
from tests.builders.processes import PATIENCE, until

SLOW = """
@pytest.mark.fugaku
def test_first_is_slow():
    while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
        time.sleep(0.05)

@pytest.mark.fugaku(nodes=2)
def test_waits():
    pass
"""


def jobs(project: FugakuProject) -> List[Dict[str, Any]]:
    """Of jobs.json; none while there is no such file."""
    if not list(project.workdir.glob("*/jobs.json")):
        return []
    records: List[Dict[str, Any]] = project.live()["jobs"]
    return records


def usage(project: FugakuProject, identity: str) -> Dict[str, Any]:
    (record,) = (record for record in jobs(project) if record["id"] == identity)
    return {name: record[name] for name in ("outcome", "started", "queued_seconds", "ran_seconds", "node_hours_used")}


def test_a_job_that_ctrl_c_has_cancelled_keeps_what_it_used(project: FugakuProject) -> None:
    project.write(SLOW)
    project.emulate(nodes=1)
    process = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: any(job["ran_seconds"] >= 1 for job in jobs(project)))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)

    assert 2 == process.returncode, out
    before = {job["id"]: usage(project, job["id"]) for job in jobs(project)}
    assert sorted(job["outcome"] for job in before.values()) == ["cancelled", "cancelled"]
    assert any(job["node_hours_used"] > 0 for job in before.values())
    first = re.findall(r"job \d.*", shown(project))
    (project.there / "go").touch()
    project.emulate(nodes=4)
    ran = project.run("--fugaku-resume")

    assert (0, {"passed": 2}) == (ran.code, ran.counts()), ran.out
    assert before == {identity: usage(project, identity) for identity in before}
    assert first == [line for line in re.findall(r"job \d.*", shown(project)) if "cancelled" in line]
    rows = [line.split() for line in ran.out.splitlines() if line.endswith("cancelled")]
    assert ["-"] != [row[3] for row in rows if float(row[4]) > 0] != [], ran.out


def test_after_a_detach_show_says_as_of_when_and_what_has_happened_since(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")

    project.send("--fugaku-detach")
    document = project.live()
    project.wait_for_end()
    text = shown(project)

    assert document == json.loads((project.session() / "jobs.json").read_text(encoding="utf-8"))
    assert re.search(r"\n  the batch system at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\n  job \d", text), text
    project.needs_same_machine("what has happened elsewhere is not asked")
    assert re.search(r"\n  job \d+: 1 test, (queued|running), .*; since then ended; 1 of 1 tests have results\n", text)


def test_show_of_a_session_that_is_done_says_nothing_of_a_time_since(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")
    project.send()

    assert "since then" not in shown(project)
    assert str(ROOT) not in shown(project).replace(sys.executable, "python")
