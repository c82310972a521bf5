"""The map in CONTRIBUTING shows the folders of the packages and their modules; each module has its tests beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Set

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mnist_repro", "pjm")
ROW = re.compile(r"^\| `(?P<folder>[a-z_/]+)/` \| (?P<what>[^|]+) \| (?P<modules>[^|]*) \|$")


def modules_of(folder: Path) -> Set[str]:
    """The modules of one folder, without those of its sub-folders."""
    return {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}


def wings() -> Dict[str, Set[str]]:
    """Every folder of the two packages with its modules."""
    folders = [path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    return {folder.relative_to(ROOT).as_posix(): modules_of(folder) for folder in folders}


def test_the_map_of_contributing_is_the_tree() -> None:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(ROW.match, lines) if row and row["folder"].split("/")[0] in PACKAGES]

    assert wings() == {row["folder"]: set(re.findall(r"\w+", row["modules"])) for row in rows}


def test_every_module_has_the_test_module_of_its_name() -> None:
    modules = {f"{folder}/{name}" for folder, names in wings().items() for name in names}
    tested = {
        f"{path.parent.relative_to(ROOT / 'tests').as_posix()}/{path.stem[len('test_') :]}"
        for package in PACKAGES
        for path in (ROOT / "tests" / package).rglob("test_*.py")
    }

    assert set() == modules - tested
