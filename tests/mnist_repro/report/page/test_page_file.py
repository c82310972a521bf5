from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report.page.page_file import require_ours, write
from tests.builders import made_up_page


@pytest.mark.parametrize("text", [None, "<title>Its page \N{MIDDLE DOT} mnist-repro</title>"])
def test_an_older_page_of_ours_may_be_replaced(tmp_path: Path, text: object) -> None:
    if isinstance(text, str):
        (tmp_path / "index.html").write_text(text, encoding="utf-8")

    require_ours(tmp_path)


@pytest.mark.parametrize("text", ["", "<h1>mine</h1>", " " * 5_000 + "<title>a mnist-repro</title>"])
def test_a_page_of_another_program_is_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.html").write_text(text, encoding="utf-8")

    with pytest.raises(BadInput, match="is not a page that mnist-repro made"):
        write(made_up_page.document(), tmp_path)

    assert text == (tmp_path / "index.html").read_text(encoding="utf-8")
