from __future__ import annotations

import sys
from types import ModuleType

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report.page import figures
from tests.builders import made_up_page


def test_a_test_figure_that_was_scored_once_is_no_curve() -> None:
    curves = {
        "loss": {0: [(3, 0.5)]},
        "test_loss": {0: [(3, 0.5)], 1: [(3, 0.25)]},
        "test_accuracy": {0: [(1, 0.5), (3, 0.75)]},
    }

    assert ["loss", "test_accuracy"] == figures.curves_to_draw(made_up_page.group(curves=curves))


@pytest.mark.parametrize("name", ["jinja2", "matplotlib.figure"])
def test_without_the_packages_of_the_page_the_message_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for package in ("jinja2", "matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, package, None if package == name else ModuleType(package))

    with pytest.raises(BadInput, match="without Jinja2 and matplotlib") as refused:
        figures.require_drawing()

    assert "pip install 'mnist-repro[report]'" == refused.value.fix
