"""The crew that measures what tests want: real processes, few of them, ahead and side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.baselines import FINGERPRINT
from mnist_repro.data import places
from mnist_repro.errors import BadInput
from mnist_repro.measuring import Conditions, Crew, find_data
from mnist_repro.run_json import FILE, MODEL, WEIGHTS


def crew(folder: Path, data: str) -> Crew:
    return Crew(Conditions(folder, data, "original", processes=1))


def test_runs_are_made_once_more_can_be_had_and_one_that_fails_takes_no_other_along(tmp_path: Path, data: str) -> None:
    seeds = tmp_path / "tf-softmax" / "subset"
    seeds.mkdir(parents=True)
    (seeds / "seed-1").write_text("where the folder of a run should be")
    made = crew(tmp_path, data)
    made.begin([("tf-softmax", "subset")], 2)

    runs = made.runs("tf-softmax", "subset", 1)

    assert [("tf-softmax", 0, "subset")] == [(run.recipe, run.seed, run.scale) for run in runs]
    assert runs[0] is made.runs("tf-softmax", "subset", 1)[0]
    with pytest.raises(BadInput, match=r"tf-softmax, seed 1: .*seed-1"):
        runs.grown_to(2)
    kept = {path.name for path in (seeds / "seed-0").iterdir()}
    assert FILE in kept
    assert not {WEIGHTS, MODEL} & kept
    made.stop()


def test_what_tests_do_to_the_environment_does_not_reach_what_is_measured(
    tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = crew(tmp_path, data)
    # No Python starts with that.
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "nowhere"))

    assert "tf-softmax" == made.fingerprint("tf-softmax").recipe
    assert 1 == len(made.runs("tf-softmax", "subset", 1))
    made.stop()


def test_data_that_are_not_there_are_bad_input_before_anything_is_started(tmp_path: Path) -> None:
    made = crew(tmp_path, str(tmp_path / "nowhere"))

    for _ in range(2):
        with pytest.raises(BadInput, match="nowhere"):
            made.fingerprint("vgg7")


def test_an_unknown_recipe_is_bad_input(tmp_path: Path, data: str) -> None:
    with pytest.raises(BadInput, match="unknown recipe 'vgg8'"):
        crew(tmp_path, data).begin([("vgg8", FINGERPRINT)], 3)


def test_without_a_word_on_data_nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (places.VARIABLE, places.OFFLINE, places.MIRROR):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist_repro.data.fetch.download", lambda *what: pytest.fail("it was about to download"))
    # Its cache may hold the surrogate already, but no MNIST that was not asked for.
    monkeypatch.setattr("mnist_repro.data.locate.unnamed_places", list)

    dataset, place = find_data(None)

    assert ("surrogate", "surrogate") == (dataset.name, place)


def test_data_found_are_named_so_that_other_processes_find_them_too(data: str) -> None:
    dataset, place = find_data(data)

    assert place == "surrogate" or Path(place).is_absolute()
    assert dataset.sha256 == find_data(place)[0].sha256
