"""Who accepted another baseline, and why, is from the baselines' history and from git."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_repro.gate.baselines import files
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.runs.problems import Problems
from mnist_repro.trend.accepted import Accepted, History
from mnist_repro.trend.sessions import Series, seconds
from tests.builders import gate_sessions, made_up_baselines
from tests.builders.report_scene import Scene, add_history, wheel

# The date of `add_history`.
DATE = "2026-03-04T05:06:07+00:00"
METRIC = "test_loss after 3 epochs"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = wheel(tmp_path / "project", seeds=0)
    add_history(made, "a <b>better</b> reason")
    return made


def shown(first: str, changed: int = 5, count: int = 10) -> Series:
    """A series of the stored metric, an hour between two sessions, judged by another baseline from ``changed`` on."""
    made = gate_sessions.series([0.3] * count, changed=changed)
    conditions = tuple(sorted(made_up_baselines.CONDITIONS.items()))
    key = replace(made.key, name="wheel-softmax/subset", metric=METRIC, conditions=conditions)
    points = [replace(each, time=seconds(first) + 3600.0 * at) for at, each in enumerate(made.points)]
    return Series(key, points)


def git(folder: Path, *arguments: str, author: str = "Ann Author") -> None:
    own = ["-c", f"user.name={author}", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *own, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def commit(folder: Path, author: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "baselines", author=author)


def test_a_change_has_its_reason_and_the_author_of_its_commit(scene: Scene) -> None:
    git(scene.root, "init", "-q")
    commit(scene.root, "Ann Author")
    problems = Problems()

    found = History(scene.baselines, problems).of(shown("2026-03-04T03:00:00+00:00"))

    assert [Accepted(5, DATE, "a <b>better</b> reason", "Ann Author")] == found
    assert [] == problems.found


def test_the_author_is_that_of_the_change_and_not_of_a_later_one(scene: Scene) -> None:
    git(scene.root, "init", "-q")
    commit(scene.root, "Ann Author")
    file = files.path_of(scene.baselines, "wheel-softmax/subset")
    file.write_text(file.read_text().replace("\n...", "\n\n..."), encoding="utf-8")
    commit(scene.root, "Another")

    [change] = History(scene.baselines, Problems()).of(shown("2026-03-04T03:00:00+00:00"))

    assert "Ann Author" == change.who


def test_a_change_that_is_in_no_commit_has_a_reason_and_no_author(scene: Scene) -> None:
    assert [Accepted(5, DATE, "a <b>better</b> reason")] == History(scene.baselines, Problems()).of(
        shown("2026-03-04T03:00:00+00:00")
    )
    git(scene.root, "init", "-q")
    git(scene.root, "add", ".")
    assert [""] == [each.who for each in History(scene.baselines, Problems()).of(shown("2026-03-04T03:00:00+00:00"))]


def test_no_filter_of_the_repository_runs(scene: Scene, tmp_path: Path) -> None:
    git(scene.root, "init", "-q")
    commit(scene.root, "Ann Author")
    mark = tmp_path / "ran"
    for setting in ("filter.x.clean", "diff.x.textconv", "core.fsmonitor"):
        git(scene.root, "config", setting, f"touch '{mark}'; cat")
    (scene.root / ".gitattributes").write_text("* filter=x diff=x\n", encoding="utf-8")

    [change] = History(scene.baselines, Problems()).of(shown("2026-03-04T03:00:00+00:00"))

    assert "Ann Author" == change.who
    assert not mark.exists()


@pytest.mark.parametrize("date", ["2026-13-45T00:00:00+00:00", "0000-01-01T00:00:00+00:00", "last week"])
def test_a_date_that_is_none_explains_no_change(scene: Scene, date: str) -> None:
    file = files.path_of(scene.baselines, "wheel-softmax/subset")
    file.write_text(file.read_text(encoding="utf-8").replace(DATE, date), encoding="utf-8")

    assert [Accepted(5)] == History(scene.baselines, Problems()).of(shown("2026-03-04T03:00:00+00:00"))


def test_a_shallow_clone_knows_no_author(scene: Scene, tmp_path: Path) -> None:
    git(scene.root, "init", "-q")
    commit(scene.root, "Ann Author")
    (scene.root / "more").write_text("more", encoding="utf-8")
    commit(scene.root, "The Last One")
    git(tmp_path, "clone", "-q", "--depth=1", scene.root.as_uri(), "shallow")

    [change] = History(tmp_path / "shallow" / "baselines", Problems()).of(shown("2026-03-04T03:00:00+00:00"))

    assert ("a <b>better</b> reason", "") == (change.reason, change.who)


def test_a_change_is_not_explained_by_one_that_is_newer_or_of_another_metric(scene: Scene) -> None:
    before = shown("2026-03-01T00:00:00+00:00")
    other = replace(before, key=replace(before.key, metric="test_accuracy after 9 epochs"))
    later = shown("2026-05-01T00:00:00+00:00")

    history = History(scene.baselines, Problems())

    assert [Accepted(5)] == history.of(before)
    assert [""] == [each.reason for each in history.of(replace(later, key=other.key))]
    assert ["a <b>better</b> reason"] == [each.reason for each in history.of(later)]


def test_a_fingerprint_changes_at_the_first_session_after_the_date(scene: Scene) -> None:
    bare = shown("2026-03-04T03:00:00+00:00", changed=0)
    key = replace(bare.key, kind=FINGERPRINT, metric="")

    assert [3] == [each.at for each in History(scene.baselines, Problems()).of(replace(bare, key=key))]


@pytest.mark.parametrize("name", ["wheel-softmax/subset", "../../etc/passwd", "(nothing)", "a\x1bb"])
def test_without_a_folder_or_a_baseline_of_the_name_nothing_is_known(tmp_path: Path, name: str) -> None:
    changed = shown("2026-03-04T03:00:00+00:00")
    changed = replace(changed, key=replace(changed.key, name=name))
    problems = Problems()

    assert [Accepted(5)] == History(None, problems).of(changed)
    assert [Accepted(5)] == History(tmp_path, problems).of(changed)
    assert [] == problems.found


def test_a_baseline_that_cannot_be_read_is_a_problem(scene: Scene) -> None:
    files.path_of(scene.baselines, "wheel-softmax/subset").write_text("schema: 2\n", encoding="utf-8")
    problems = Problems()

    assert [Accepted(5)] == History(scene.baselines, problems).of(shown("2026-03-04T03:00:00+00:00"))
    assert 1 == len(problems.found)
