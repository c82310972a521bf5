"""Every message of three parts that the source can raise, in one golden file.

Other tests compare the first part of a message; a better wording of the rest changes this file alone. After a change:
`python -m pytest tests/project/test_messages.py --force-regen`, and read the difference.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator, List

from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from pjm import errors

ROOT = Path(__file__).parents[2]
NAMES = {BadInput.__name__, "RunFailedError", errors.BadInput.__name__}
PARTS = ("what", "why", "next")
VALUE = "…"


def test_every_message_is_as_stored(file_regression: FileRegressionFixture) -> None:
    blocks: List[str] = []
    for path in sorted([*(ROOT / "mnist_repro").rglob("*.py"), *(ROOT / "pjm").rglob("*.py")]):
        messages = sorted(set(messages_of(path.read_text(encoding="utf-8"))))
        if messages:
            blocks.append("\n\n".join([f"== {path.relative_to(ROOT).as_posix()}", *messages]))

    file_regression.check("\n\n\n".join(blocks) + "\n", encoding="utf-8")


def messages_of(source: str) -> Iterator[str]:
    """The messages in a module's source, one line for each part; what only a run can tell is shown as `…`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            yield "\n".join(f"{part}: {text_of(value)}" for part, value in zip(PARTS, node.args))


def text_of(value: ast.expr) -> str:
    """A string as it stands in the source; of one that depends on a condition, both."""
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else VALUE for part in value.values)
    if isinstance(value, ast.IfExp):
        return f"{text_of(value.body)} | {text_of(value.orelse)}"
    if isinstance(value, ast.BinOp):
        return text_of(value.left) + text_of(value.right)
    return VALUE


def test_values_conditions_and_sums_of_strings_are_shown() -> None:
    source = "raise BadInput(f'{path} is ' 'bad', why if one else 'two' + three, fix=4)"

    assert ["what: … is bad\nwhy: … | two…"] == list(messages_of(source))
