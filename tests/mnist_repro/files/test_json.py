"""Our JSON is strict, keeps what is not finite, and says what is wrong with a file."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.files.json import json_text, read_json
from tests.builders.refused import refused


def test_what_is_not_finite_is_stored_as_a_word_at_any_depth() -> None:
    assert {"1": ["nan", {"b": "-inf"}], "c": 0.5} == json.loads(
        json_text({1: (math.nan, {"b": -math.inf}), "c": 0.5}), parse_constant=pytest.fail
    )


@pytest.mark.parametrize(("ascii_only", "expected"), [(True, '"\\u5b66"\n'), (False, '"学"\n')])
def test_text_is_ascii_unless_told_otherwise(ascii_only: bool, expected: str) -> None:
    assert expected == json_text("学", ascii_only)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[1", "FILE is not JSON"),
        ("[1]", "FILE has schema None, this program reads 1"),
        *(
            (f'{{"schema": {found}}}', f"FILE has schema {said}, this program reads 1")
            for found, said in (("0", "0"), ('"1"', "'1'"), ("null", "None"), ("[1]", "[1]"), ("true", "True"))
        ),
    ],
)
def test_files_that_are_refused(content: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")

    assert (what, "make it") == refusal(tmp_path / "a.json")[::2]


def test_a_newer_schema_needs_a_newer_program(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"schema": 2}', encoding="utf-8")
    what = "FILE has schema 2, this program reads 1"

    assert (what, "pip install --upgrade mnist-repro") == refusal(tmp_path / "a.json")[::2]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert (f"cannot read FILE: {os.strerror(errno.ENOENT)}", "make it") == refusal(tmp_path / "a.json")[::2]


def refusal(file: Path) -> Tuple[str, str, str]:
    return refused(lambda: read_json(file, 1, "thing", "make it"), FILE=file)
