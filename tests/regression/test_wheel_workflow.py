"""The WHEEL tutorial's workflow: train, then estimate. With --fugaku two jobs, the second after the first."""

from __future__ import annotations

import json
from typing import List

import pytest

from mnist_repro.cli import main
from pjm.job.artifacts import Artifacts
from tests.builders.job_environment import job_environment

RECIPE = "wheel-softmax"


def _data(config: pytest.Config) -> List[str]:
    return [] if config.option.repro_data is None else ["--data", config.option.repro_data]


@pytest.mark.fugaku(elapse="01:00:00", env=job_environment())
def test_train(artifacts: Artifacts, request: pytest.FixtureRequest) -> None:
    config = request.config
    out = str(artifacts.folder / "run")

    assert 0 == main(["train", RECIPE, "--out", out, "--scale", config.option.repro_scale, *_data(config)])
    assert (artifacts.folder / "run" / "param.hdf5").is_file()


@pytest.mark.fugaku(elapse="00:10:00", after="test_train", env=job_environment())
def test_estimate(artifacts: Artifacts, request: pytest.FixtureRequest) -> None:
    run = artifacts.of("test_train") / "run"

    assert 0 == main(["estimate", str(run), *_data(request.config)])
    scored = json.loads((run / "run.json").read_text(encoding="utf-8"))["scores"][-1]["test"]
    loss, accuracy = (run / "eval.log").read_text(encoding="utf-8").splitlines()
    assert float(loss.partition("Test loss:")[2]) == pytest.approx(scored["loss"], rel=1e-6)
    assert float(accuracy.partition("Test accuracy:")[2]) == pytest.approx(scored["accuracy"], rel=1e-6)
