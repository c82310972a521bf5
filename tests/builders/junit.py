"""junit files as values that can be compared: all but the times and the order in which tests ran."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, List, Tuple

# tmp_path differs from run to run, and addresses of objects do.
_VARYING = (
    (re.compile(r"/[^\s'\"]*pytest-of-[^/]+/pytest-\d+/"), "TMP/"),
    (re.compile(r"pytest-of-[^/\s]+/pytest-\d+"), "TMP"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    # The Python of the jobs may be another one.
    (re.compile(r"[^\s'\"]*/lib/python3\.\d+/"), "LIB/"),
)

Element = Tuple[str, Tuple[Tuple[str, str], ...], str, Tuple["Element", ...]]


def read(path: Path) -> Tuple[Dict[str, str], List[Element], List[Element]]:
    """The suite's counts, its properties, and its test cases in order of their names."""
    suite = ElementTree.parse(str(path)).getroot().find("testsuite")  # noqa: S314
    assert suite is not None
    counts = {name: text for name, text in suite.attrib.items() if name not in ("time", "timestamp")}
    cases = sorted(_element(each) for each in suite.findall("testcase"))
    properties = suite.find("properties")
    return counts, [] if properties is None else sorted(_element(each) for each in properties), cases


def _element(element: ElementTree.Element) -> Element:
    attributes = tuple(sorted((name, _masked(text)) for name, text in element.attrib.items() if name != "time"))
    return element.tag, attributes, _masked(element.text or ""), tuple(_element(each) for each in element)


def _masked(text: str) -> str:
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text
