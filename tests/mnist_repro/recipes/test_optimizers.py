"""An optimiser is its constants, and none of them has a default."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from mnist_repro.recipes.optimizers import Adadelta, Adam, GradientDescent, RMSprop


@pytest.mark.parametrize("rule", [RMSprop, Adadelta, Adam, GradientDescent], ids=lambda rule: str(rule.__name__))
def test_no_constant_of_an_optimiser_is_left_to_a_default(rule: Any) -> None:
    with pytest.raises(TypeError, match="missing"):
        rule()
    with pytest.raises(TypeError, match="unexpected keyword argument 'momentum'"):
        rule(**{field.name: 0.5 for field in fields(rule)}, momentum=0.9)
