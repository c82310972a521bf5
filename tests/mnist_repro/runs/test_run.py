"""A run gives its score after some epochs or steps, and its platform a name."""

from __future__ import annotations

import pytest

from mnist_repro.runs.run import platform_name
from tests.builders import made_up

HERE = {"machine": "aarch64", "tensorflow": "2.2.0-rc1", "keras": "2.3-tf"}


def test_a_score_is_found_by_what_was_done_before_it() -> None:
    first, last = made_up.score(3, 0.125, 0.96), made_up.score(10, 0.03125, 0.99)
    run = made_up.run("vgg7", 0, first, last)

    assert (first, last, None) == (run.score_after(3), run.score_after(10), run.score_after(5))


def test_a_platform_is_machine_and_minor_versions() -> None:
    assert "aarch64, TensorFlow 2.2, Keras 2.3" == platform_name(HERE)


@pytest.mark.parametrize("missing", HERE)
def test_without_one_of_these_a_platform_has_no_name(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        platform_name({name: value for name, value in HERE.items() if name != missing})
