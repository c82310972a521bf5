from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Dict, List, Type

import pytest

from mnist_repro.files.json import json_text
from mnist_repro.report import values
from tests.builders import made_up_page

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "report-json.md"


@pytest.mark.parametrize(
    "kind",
    [values.Document, values.Group, values.Mistakes, values.Jobs, values.Job, values.HistoryEntry, values.Change],
)
def test_every_field_is_documented(kind: Type[Any]) -> None:
    documented = set(re.findall(r"`(\w+)`", REFERENCE.read_text(encoding="utf-8")))

    assert set() == {field.name for field in fields(kind)} - documented


def test_a_document_is_strict_json() -> None:
    row = made_up_page.metric(measured={7: float("nan")})
    document = made_up_page.document(groups=[made_up_page.group(metrics=[row])])

    read: Dict[str, List[Any]] = json.loads(json_text(asdict(document)), parse_constant=pytest.fail)

    assert {"7": "nan"} == read["groups"][0]["metrics"][0]["measured"]
