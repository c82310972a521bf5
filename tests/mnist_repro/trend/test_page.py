"""The trend page answers in a sentence, is safe with any name, small, and readable without its pictures."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import List, Sequence

import numpy as np

from mnist_repro.gate.verdicts import Verdict
from mnist_repro.runs.problems import Problems
from mnist_repro.trend.accepted import History
from mnist_repro.trend.page import MOST_CHARTS, Shown, answer, render, shown_of
from mnist_repro.trend.sessions import Key, Point, Session
from tests.builders.gate_sessions import NOISE, STORED, commit, series
from tests.builders.page_reader import Page
from tests.builders.report_scene import HOSTILE

STEPS = np.arange(600)


def sessions(**metrics: np.ndarray) -> List[Session]:
    """Sessions of one gate with these metrics."""
    every = {name: series([float(value) for value in values]) for name, values in metrics.items()}
    [count] = {len(each.points) for each in every.values()}
    keys = {name: replace(each.key, metric=name) for name, each in every.items()}
    return [
        Session(f"{at}", 3600.0 * at, True, {keys[name]: each.points[at] for name, each in every.items()}, at)
        for at in range(count)
    ]


def noise(seed: int = 0, count: int = 600) -> np.ndarray:
    return STORED + NOISE * np.random.default_rng(seed).normal(size=count)


def shown(made: Sequence[Session]) -> List[Shown]:
    return shown_of(made, History(None, Problems()))


def page(made: Sequence[Session], problems: Problems | None = None, folder: Path | None = None) -> str:
    history = History(folder, problems or Problems())
    return render(made, 2, shown_of(made, history), history)


def failing(made: List[Session], *places: int) -> List[Session]:
    for at in places:
        points = {key: replace(point, verdict=Verdict.REGRESSED) for key, point in made[at].points.items()}
        made[at] = replace(made[at], points=points)
    return made


def test_the_answer_counts_sessions_metrics_drifts_jumps_and_what_failed_last() -> None:
    made = sessions(falls=noise() - 0.008 * STEPS / 600, jumps=noise(1) + 0.008 * (STEPS > 300), stays=noise(2))

    said = answer(failing(made, 599), shown(made))

    assert (
        "600 sessions, 1970-01-01 to 1970-01-25, of 1 gate with 3 metrics: "
        "1 metric drifts, 1 jumped; 3 failed in their last session" == said
    )


def test_a_drift_is_said_with_metric_gate_rate_commit_and_what_is_left() -> None:
    found = shown(sessions(falls=noise() - 0.008 * STEPS / 600))[0].sentence

    assert re.fullmatch(
        r"falls of digits falls by 0\.001\d* per 100 sessions since commit 0{12} \(1970-01-01\), 600 sessions ago; "
        r"at this rate its interval crosses the margin in about \d+0 sessions",
        found,
    )


def test_a_jump_is_said_with_its_commit_and_as_no_drift() -> None:
    found = shown(sessions(rises=noise() + 0.008 * (STEPS >= 300)))[0].sentence

    assert f"rises of digits rose by 0.0081 at commit {commit(300)[:12]} (1970-01-13), 300 sessions ago" in found
    assert found.endswith("and has stayed there: not a slow drift")


def test_a_page_without_drift_and_failure_has_no_box() -> None:
    assert "box" not in Page(page(sessions(stays=noise()))).values("class")


def test_hostile_names_are_text_everywhere() -> None:
    made = failing(sessions(**{HOSTILE: noise() - 0.008 * STEPS / 600}), 599)
    [(key, point)] = made[5].points.items()
    odd = replace(key, name=HOSTILE, conditions=((HOSTILE, HOSTILE),), platform=HOSTILE)
    made[5] = replace(made[5], points={key: point, odd: replace(point, commit=HOSTILE[:60])}, file=HOSTILE)

    read = Page(page(made))

    assert [] == read.scripts
    assert [] == [each for each in read.attributes() if each.startswith("on")]
    assert HOSTILE in read.text
    assert {"html", "body", "svg", "path", "table"} < {tag for tag, _ in read.elements}
    assert {"img", "script"}.isdisjoint({tag for tag, _ in read.elements})


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page(sessions(stays=noise()))
    read = Page(text)

    assert {"data:,"} == {each for each in read.values("href") if not each.startswith("#")}
    assert [] == read.values("src")
    [policy] = [each["content"] for each in read.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "; script-src 'none'; " in policy
    assert "url(" not in text


def test_every_picture_of_a_metric_says_what_it_shows_and_every_link_arrives() -> None:
    made = failing(sessions(falls=noise() - 0.008 * STEPS / 600), 3)
    read = Page(page(made))

    [label] = [each["aria-label"] for each in read.named("svg") if each.get("role") == "img"]
    assert label.startswith("falls of digits: 600 sessions from 1970-01-01 to 1970-01-25. last mean 0.94")
    assert "last verdict no worse; 1 of 600 failed. falls of digits falls by" in label
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {each[1:] for each in read.values("href") if each.startswith("#")} <= {*ids}


def test_many_sessions_are_thinned_and_the_page_says_so() -> None:
    text = Page(page(failing(sessions(stays=noise()), 7))).text

    assert "240 of 600 sessions are drawn, among them all that failed." in text


def test_many_metrics_make_no_large_page_and_what_drifts_is_on_it() -> None:
    many = {f"m{number}": noise(number, 100) for number in range(MOST_CHARTS + 80)}
    many["last of all"] = noise(999, 100) - 0.012 * np.arange(100) / 100
    text = page(sessions(**many))

    assert len(text) < 2_000_000
    assert "81 metrics more, not drawn to keep the page small" in Page(text).text
    assert "last of all of digits falls by" in Page(text).text


def test_of_many_metrics_that_fail_those_without_a_picture_are_named_without_a_link() -> None:
    names = [f"m{number}" for number in range(MOST_CHARTS + 5)]
    read = Page(page(failing(sessions(**{name: noise(0, 4) for name in names}), 3)))

    assert all(f"{name} of digits: regressed" in read.text for name in names)
    assert "5 metrics more, not drawn to keep the page small: those that drift or failed" in read.text
    links = [each[1:] for each in read.values("href") if each.startswith("#series-")]
    assert MOST_CHARTS == len(links)
    assert {*links} <= {*read.values("id")}


def test_conditions_and_platform_are_named_where_they_distinguish() -> None:
    made = sessions(stays=noise())
    [(key, point)] = made[0].points.items()
    other = replace(key, conditions=(("model", "small"),), platform="aarch64")
    alone = Key("alone", "samples", "loss", (("model", "small"),), "aarch64")
    made[0] = replace(made[0], points={key: point, other: point, alone: point})

    assert {"stays of digits", "stays of digits (model small, aarch64)", "loss of alone"} == {
        each.title for each in shown(made)
    }


def test_a_metric_that_is_no_longer_judged_neither_drifts_nor_fails() -> None:
    made = failing(sessions(old=noise() - 0.008 * STEPS / 600), 599)
    later = 700 * 3600.0
    new = [
        replace(each, time=each.time + later, points={key: replace(point, time=point.time + later)})
        for each in sessions(new=noise(1, 1200))
        for key, point in each.points.items()
    ]
    found = shown([*made, *new])

    assert [("new of digits", False, False), ("old of digits", False, True)] == sorted(
        (each.title, each.failing or each.drift is not None, each.ended) for each in found
    )


def test_a_session_without_a_measurement_fails_until_the_gate_is_judged_again() -> None:
    made = sessions(stays=noise(count=20))
    died = {Key("digits", "samples", "", (), ""): Point(made[9].time, "", Verdict.INCOMPARABLE)}
    made[9] = replace(made[9], points=died)

    assert [True] == [each.failing for each in shown(made[:10]) if not each.series.key.metric]
    assert [False] == [each.failing for each in shown(made) if not each.series.key.metric]


def test_what_could_not_be_read_and_what_is_not_known_is_said(tmp_path: Path) -> None:
    made = sessions(stays=noise(count=20))
    made[3] = replace(made[3], points={}, complete=False)
    read = Page(page(made)).text

    assert "2 files left out: copies of sessions that are here." in read
    assert "1 session compared nothing" in read
    assert "1 session incomplete" in read
    assert "gate.json does not hold who accepted a baseline, and why: mnist-repro trend --baselines DIR" in read
    assert f"are from the history in {tmp_path}, and from git." in Page(page(made, folder=tmp_path)).text
