"""Statistics of jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping

import pytest

from pjm.emulator.machine.resources import PROCESS_LIMITS
from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.statistics import BY_KEY, ITEMS, Parts, Row, elapsed, shown, text, write
from tests.builders.emulated import changed

SPEC: Dict[str, object] = {"cwd": "/data", "given": ["elapse"], "second": 0.5}
JOB = Job(12, WHOLE, "NM", "name", "user", "group", state="EXT", ec=3, elapse=5400, started=10.0, ended=40.0, spec=SPEC)
ENDED = Row(JOB, 100.0)
BULK = Row(Job(12, WHOLE, "BU", "many", "user", "group", elapse=60, spec={**SPEC, "given": []}), 40.0)
STEPS = Row(changed(JOB, model="ST", nodes=None, elapse=None), 100.0)


def value(key: str, row: Row = ENDED, spec: Mapping[str, object] = {}) -> str:
    """What the statistics say of an item."""
    return BY_KEY[key].of(row._replace(job=changed(row.job, spec={**row.job.spec, **spec})))


def test_the_file_of_an_ended_job() -> None:
    lines = text(ENDED, True).splitlines()

    assert "Job Statistical Information" == lines[0]
    assert " EXIT CODE                 : 3" in lines
    assert " ELAPSE TIME (LIMIT)       : 01:30:00 (5400)" in lines
    assert " ELAPSE TIME (USE)         : 00:01:00 (60)" in lines
    assert " COMMENT                   : " in lines
    # End-user's Guide, page 172; Command Reference, page 100.
    assert [
        "-" * 80,
        "Node Statistical Information",
        " VNODE ID                  : -",
        " NODE ID                   : 0x01010001",
        " TOFU COORDINATE           : (0,0,0)",
        " NODE COORDINATE           : (0,0,0)",
        " RANK NO                   : 0",
        " NODE AVAILABLE            : available",
        " ARCHI INFORMATION         : FT",
        " CPU BITMAP (ALLOC)        : 0xFFFFFFFFFFFF",
        " CPU BITMAP (USE)          : 0xFFFFFFFFFFFF",
    ] == lines[-11:]


def test_every_node_has_its_part() -> None:
    row = ENDED._replace(job=changed(JOB, nodes=13))
    lines = text(row, True).splitlines()

    assert 13 == lines.count("Node Statistical Information")
    assert [" TOFU COORDINATE           : (1,0,0)"] == [
        line for line in lines if "TOFU C" in line and "USE" not in line
    ][12:]
    assert "Node" not in text(row, False)
    assert "Node" not in text(STEPS, True)


def test_chosen_items_in_their_order() -> None:
    assert [
        "[Job Statistical Information]",
        " STATE                       : EXT",
        " JOB NAME                    : name",
    ] == shown(ENDED, False, ["st", "nonsense", "jnam"])


def test_sub_jobs_are_counted_and_a_limit_that_was_not_asked_for_is_marked() -> None:
    row = BULK._replace(parts=Parts(10, 11, 2, 12))
    lines = [line.partition(": ")[2] for line in shown(row, True, ["snum", "elpl", "ec"])[1:]]

    assert ["10/11", "00:01:00 (60) <DEFAULT>", "-"] == lines
    assert [" START BULKNO              : 2", " END BULKNO                : 12"] == text(row, False).splitlines()[8:10]


@pytest.mark.parametrize(
    ("key", "spec", "said"),
    [
        ("elpl", {"least": 60}, "00:01:00-01:30:00 (60-5400)"),
        ("mszl", {}, "unlimited <DEFAULT>"),
        ("mszl", {"memory": 1 << 30, "given": ["node-mem"]}, "1024.0 MiB (1073741824)"),
        ("msza", {"memory": 1 << 30}, "1024.0 MiB (1073741824)"),
        ("cnumr", {}, "48 <DEFAULT>"),
        ("cnumut", {}, "48"),
        ("usctmut", {}, "-"),
        ("mail", {"mail": "b,r"}, "b-r-"),
        ("mail", {"mail": "berS"}, "berS"),
        ("adr", {}, ""),
        ("sde", {"needs": ["ec!=0:one:0"]}, "ec!=0:one:0"),
        ("cmt", {"comment": "a\n STATE : EXT\u2028b"}, "a  STATE : EXT b"),
        ("pcfl", {}, "0.0 MB (0) <DEFAULT>"),
        ("pcfl", {"limits": {"core": "5"}}, "5.0 MB (5000000)"),
        ("psl", {"limits": {"stack": "5"}}, "5.0 MiB (5242880)"),
        ("pofl", {}, "1024 <DEFAULT>"),
        ("pvml", {}, "unlimited <DEFAULT>"),
        ("pcl", {"limits": {"cpu": "unlimited"}}, "unlimited"),
        ("nidlu", {}, "0x01010001"),
        ("tofulu", {}, "(0,0,0)"),
    ],
)
def test_what_an_item_says(key: str, spec: Dict[str, object], said: str) -> None:
    assert said == value(key, spec=spec)


def test_a_running_job_has_used_time_and_a_waiting_one_none() -> None:
    running = changed(JOB, state="RUN", ended=None, started=1.0)
    waiting = changed(JOB, state="QUE", ended=None, started=None)

    # End-user's Guide, page 154; the form was recorded.
    assert "01:50:05 (6605)" == value("elp", Row(running, 3303.5))
    assert "00:00:00 (0)" == value("elp", Row(waiting, 3302.5))
    assert ("-", "-") == (value("exc", Row(running, 9.0)), value("edt", Row(running, 9.0)))


def test_allocated_nodes_have_their_shape() -> None:
    shaped = ENDED._replace(job=changed(JOB, nodes=432, spec={**SPEC, "shape": "6x9x8"}))

    assert ("432:6x9x8 <DEFAULT>", "432:6x9x8") == (value("nnumr", shaped), value("nnuma", shaped))


def test_a_time_of_more_than_a_day_has_its_days_apart() -> None:
    for seconds, said in ((86400, "24:00:00 (86400)"), (259200, "03 00:00:00 (259200)")):
        assert said == value("elpl", ENDED._replace(job=changed(JOB, elapse=seconds)))


def test_of_a_step_job_itself_most_is_not_said() -> None:
    dashes = [limit.item for limit in PROCESS_LIMITS] + [
        "pri",
        "mask",
        "elpl",
        "mszl",
        "msza",
        "cnumr",
        "cnumat",
        "cnumut",
        "nnumr",
        "nnuma",
    ]

    assert {"-"} == {value(key, STEPS) for key in dashes}
    assert {""} == {value(key, STEPS) for key in ("sh", "std", "stde", "cmt", "sde")}


def test_a_title_stands_once() -> None:
    titles = [item.title for item in ITEMS]

    assert sorted(set(titles)) == sorted(titles)


def test_a_file_is_written_only_when_asked_for(tmp_path: Path) -> None:
    for kind, files in (("", []), ("s", [tmp_path / "name.12.stats"])):
        write(ENDED._replace(job=changed(JOB, spec={**SPEC, "cwd": str(tmp_path), "stats": kind})))
        assert files == list(tmp_path.iterdir())


def test_elapsed_time_is_in_seconds_of_pjm() -> None:
    running = ENDED._replace(job=changed(JOB, state="RUN", ended=None))

    assert (0.0, 60.0, 180.0) == (elapsed(BULK), elapsed(ENDED), elapsed(running))
