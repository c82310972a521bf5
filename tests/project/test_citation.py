"""CITATION.cff and both packages say what pyproject.toml and LICENSE say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import mnist_repro
import pjm

ROOT = Path(__file__).resolve().parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def the_only(pattern: str, file: str) -> str:
    (found,) = re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def test_there_is_one_version() -> None:
    assert "mnist_repro.__version__" == the_only(r'^version = \{ attr = "(.+)" \}$', "pyproject.toml")
    # The packages do not import each other, and a job has pjm alone.
    assert {mnist_repro.__version__} == {pjm.__version__, CITATION["version"]}


def test_the_licence_is_that_of_the_package() -> None:
    assert the_only(r'^license = \{ text = "(.+)" \}$', "pyproject.toml") == CITATION["license"]


def test_the_authors_are_those_of_the_licence() -> None:
    assert [{"name": the_only(r"^Copyright \(c\) \d+ (.+)$", "LICENSE")}] == CITATION["authors"]


@pytest.mark.parametrize("key", ["cff-version", "message", "title", "type", "abstract"])
def test_what_a_citation_needs_is_text(key: str) -> None:
    assert isinstance(CITATION[key], str)
