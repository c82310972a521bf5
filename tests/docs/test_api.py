"""The API reference: every public name is on the page and has a docstring. A module's `__all__` says what is public."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import re
import subprocess
import sys
from typing import Dict, Iterator, List, Set

import pytest

from tests.docs.blocks import ROOT, blocks, pages

PAGE = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
# Its list is for re-exports within the package.
NOT_PUBLIC = {"mnist_repro.weights.param_hdf5"}
# A planted bug replaces what it likes.
PLANTED = {"mnist_repro.training.framework"}


def modules() -> Iterator[str]:
    for package in ("mnist_repro", "pjm"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if "\n__all__ = " in file.read_text(encoding="utf-8"):
                name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
                yield name[: -len(".__init__")] if name.endswith(".__init__") else name


PUBLIC: Dict[str, List[str]] = {
    name: list(importlib.import_module(name).__all__) for name in modules() if name not in NOT_PUBLIC
}


def home(module: str, name: str) -> str:
    """Where the page has a name: in the module that defines it, if that lists it too."""
    defined = getattr(getattr(importlib.import_module(module), name), "__module__", module)
    return f"{defined if name in PUBLIC.get(defined, ()) else module}.{name}"


NAMES = sorted({home(module, name) for module, names in PUBLIC.items() for name in names})


def value_of(name: str) -> object:
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def test_every_public_name_is_on_the_page_and_no_other() -> None:
    assert NAMES == sorted(re.findall(r"^\.\. auto\w+:: ([\w.]+)", PAGE, re.MULTILINE))


def undocumented(name: str, value: object) -> List[str]:
    """The name and those of its public methods, properties and fields that have no text."""
    if not inspect.isclass(value) and not callable(value):
        module, _, last = name.rpartition(".")
        return (
            [] if re.search(rf"^#: .+\n{last} = ", inspect.getsource(importlib.import_module(module)), re.M) else [name]
        )
    text = value.__doc__ or ""
    missing = [name] if not text or text.startswith(f"{name.rpartition('.')[2]}(") else []
    if not inspect.isclass(value):
        return missing
    if issubclass(value, enum.Enum):
        return missing
    fields: List[str] = list(getattr(value, "_fields", ()))
    fields += [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    missing += [f"{name}.{field}" for field in fields if not re.search(rf"\b{field}\b", text)]
    members = {key: each for key, each in vars(value).items() if key[0] != "_" and key not in fields}
    described = {key: each for key, each in members.items() if callable(each) or isinstance(each, property)}
    return missing + [f"{name}.{key}" for key, each in described.items() if not each.__doc__]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_a_docstring_that_names_its_fields(name: str) -> None:
    assert [] == undocumented(name, value_of(name))


def imported() -> Set[str]:
    """What the guides have readers import."""
    guides = [page for page in pages() if "how-to" in page.parts or page.name.startswith("README")]
    text = "\n".join(block.text for page in guides for block in blocks(page))
    found = re.findall(r"^from ((?:mnist_repro|pjm)[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)
    return {f"{module}.{name.strip()}" for module, names in found for name in names.split(",")}


def test_what_the_guides_import_is_public() -> None:
    assert {"mnist_repro.gate.higher", "pjm.emulator"} < imported()
    assert set() == imported() - set(NAMES) - set(PUBLIC) - PLANTED


def test_no_public_module_imports_tensorflow() -> None:
    code = f"import importlib, sys; [importlib.import_module(name) for name in {sorted(PUBLIC)}]; "
    code += "from mnist_repro.gate import Gate; print('tensorflow' in sys.modules)"

    assert (
        "False\n"
        == subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    )
