"""TensorBoard gets the figures of each line, at its epoch or step."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.runs.log import Line
from mnist_repro.training import framework
from mnist_repro.training.tensorboard import writer


def test_each_figure_of_a_line_is_a_scalar(tmp_path: Path) -> None:
    with writer(tmp_path / "board") as record:
        record(Line(1, loss=0.5, accuracy=0.75))
        record(None)
        record(Line(2, loss=0.25, test_accuracy=0.875))
    [file] = (tmp_path / "board").iterdir()
    tf = framework.tensorflow()

    assert {("loss", 1): 0.5, ("accuracy", 1): 0.75, ("loss", 2): 0.25, ("test_accuracy", 2): 0.875} == {
        (value.tag, event.step): float(tf.make_ndarray(value.tensor))
        for record in tf.data.TFRecordDataset(str(file))
        for event in [tf.compat.v1.Event.FromString(record.numpy())]
        for value in event.summary.value
    }


def test_without_a_folder_nothing_is_written_and_no_tensorflow_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framework, "tensorflow", pytest.fail)
    with writer(None) as record:
        record(Line(1, loss=0.5))
