"""The WHEEL tutorial's workflow: train, then estimate. With --fugaku two jobs, the second after the first."""

from __future__ import annotations

from typing import List

import pytest

from mnist_repro.cli import main
from pjm.artifacts import Artifacts

RECIPE = "wheel-softmax"


def _common(config: pytest.Config) -> List[str]:
    data = [] if config.option.data is None else ["--data", config.option.data]
    return ["--scale", config.option.scale, *data]


@pytest.mark.fugaku(elapse="01:00:00")
def test_train(artifacts: Artifacts, request: pytest.FixtureRequest) -> None:
    arguments = ["train", RECIPE, "--out", str(artifacts.folder / "run"), *_common(request.config)]

    assert 0 == main(arguments)
    assert (artifacts.folder / "run" / "param.hdf5").is_file()


@pytest.mark.fugaku(elapse="00:10:00", after="test_train")
def test_estimate(artifacts: Artifacts, request: pytest.FixtureRequest) -> None:
    run = artifacts.of("test_train") / "run"

    assert 0 == main(["estimate", str(run), *_common(request.config)[2:]])
    assert (run / "eval.log").is_file()
