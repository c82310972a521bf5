from __future__ import annotations

from typing import Any, Dict

import pytest

from mnist_repro.gate.platform import UNNAMED, platform_name, platform_text

HERE = {"machine": "aarch64", "tensorflow": "2.2.0-rc1", "keras": "2.3-tf"}


def test_a_platform_is_machine_and_minor_versions() -> None:
    assert ["aarch64, TensorFlow 2.2, Keras 2.3"] * 2 == [platform_name(HERE), platform_text(HERE)]


@pytest.mark.parametrize("missing", HERE)
def test_without_one_of_these_a_platform_has_no_name(missing: str) -> None:
    provenance: Dict[str, Any] = {name: value for name, value in HERE.items() if name != missing}

    assert UNNAMED == platform_text(provenance)
    with pytest.raises(KeyError, match=missing):
        platform_name(provenance)
