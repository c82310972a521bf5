"""The crew that measures what tests want: real processes, few of them, ahead and side by side."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import Dict, List

import numpy as np
import pytest

from mnist_repro.data import places
from mnist_repro.errors import BadInput
from mnist_repro.files.environment import cpu
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.harness.measurements import Measurements, find_data
from tests.builders.gate_cases import store, stored
from tests.builders.refused import refused


def crew(folder: Path, data: str) -> Measurements:
    return Measurements(folder, data, "original", processes=1, baselines=folder / "baselines")


@pytest.mark.parametrize(
    ("elsewhere", "seeds"),
    [({}, [1]), ({"cpu": "another"}, [0, 1, 2, 3, 4]), ({"numpy": "1.0"}, [0, 1, 2, 3, 4])],
    ids=["here", "cpu", "numpy"],
)
def test_where_the_stored_runs_were_made_one_seed_is_begun_with(
    elsewhere: Dict[str, str], seeds: List[int], data: str, tmp_path: Path
) -> None:
    here = {"machine": platform.machine(), "cpu": cpu(), "numpy": np.__version__, **elsewhere}
    conditions = {"dataset": find_data(data)[0].name, "arithmetic": "original"}
    [entry] = stored().entries
    made = replace(entry, provenance={**entry.provenance, **here}, conditions=conditions)
    store(tmp_path / "baselines", replace(stored(), entries=(made,)))

    assert [seeds, list(range(5))] == [
        list(crew(tmp_path, data).seeds_at_first(recipe, "subset")) for recipe in ("vgg7", "tf-cnn")
    ]


def test_data_or_recipes_that_are_not_there_are_bad_input_before_anything_is_started(tmp_path: Path, data: str) -> None:
    made = crew(tmp_path, str(tmp_path / "nowhere"))

    for _ in range(2):
        with pytest.raises(BadInput, match="nowhere"):
            made.fingerprint("vgg7")
    with pytest.raises(BadInput, match="unknown recipe 'vgg8'"):
        crew(tmp_path, data).begin([("vgg8", FINGERPRINT)], 3)


def test_the_option_that_is_named_is_that_of_pytest(tmp_path: Path) -> None:
    place = tmp_path / "a--data b"
    what, _, fix = refused(lambda: find_data(str(place)), DIR=tmp_path)

    assert "there is no DIR/a--data b (named by --repro-data)" == what
    assert fix.endswith("leave out --repro-data and MNIST_REPRO_DATA; or name another folder with --repro-data")


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
