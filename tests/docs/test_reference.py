"""The generated reference names everything that there is, and what help texts show can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from mnist_repro.cli import parser
from mnist_repro.errors import ExitCode
from tests.docs.blocks import ROOT, pages
from tests.docs.generated import GENERATORS, expanded


def test_every_command_is_there() -> None:
    text = GENERATORS["mnist-repro"]() + GENERATORS["pjm"]()

    assert [] == [
        command
        for command in ("reproduce", "train", "estimate", "predict", "errors", "data fetch", "drift", "baseline accept")
        if f"`mnist-repro {command}`" not in text
    ]
    ours = ("sessions", "show", "log", "wait", "cancel", "clean", "emulator run", "emulator stop")
    assert [] == [command for command in ours if f"`pjm {command}`" not in text]


@pytest.fixture(scope="module")
def helped() -> str:
    """What `pytest --help` says in this project."""
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_every_option_of_pytest_is_there(helped: str) -> None:
    text = "".join(GENERATORS[f"{plugin}-options"]() for plugin in ("pjm", "gate", "mnist-repro"))
    ours = set(re.findall(r"^  (--(?:fugaku|gate|repro)[a-z-]*)", helped, re.MULTILINE))

    assert len(ours) > 15
    assert set() == {name for name in ours if f"`{name}" not in text}


def test_every_setting_of_pytest_is_there(pytestconfig: pytest.Config) -> None:
    text = "".join(GENERATORS[f"{plugin}-configuration"]() for plugin in ("pjm", "gate", "mnist-repro"))
    ours = [name for name in pytestconfig._parser._inidict if name.startswith(("fugaku_", "gate_", "repro_"))]

    assert len(ours) > 15
    assert [] == [name for name in ours if f"`{name}`" not in text]


def test_every_exit_code_is_there() -> None:
    assert [] == [code for code in ExitCode if f"| {int(code)} |" not in GENERATORS["exit-codes"]()]


def test_every_variable_of_the_environment_is_there() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mnist_repro").rglob("*.py"))

    assert set() == set(re.findall(r"\bMNIST_REPRO_[A-Z]+\b", source)) - set(re.findall(r"`([A-Z_]+)`", page))


def test_every_place_for_generated_text_can_be_filled() -> None:
    text = "\n".join(expanded(page.read_text(encoding="utf-8")) for page in pages() if "docs" in page.parts)

    assert "<!-- generated" not in text
    assert "| PC |" in text


def test_every_event_of_a_job_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "session-folder.md").read_text(encoding="utf-8")
    described = re.findall(r"`([a-z-]+)`", page.split("## events.jsonl")[1])

    assert set() == set(re.findall(r"^\| `([a-z-]+)`", GENERATORS["events"](), re.MULTILINE)) - set(described)


def test_a_place_that_names_nothing_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        expanded("<!-- generated: nonsense -->\n")


def examples() -> Iterator[str]:
    """The commands that help texts show, without what they say of them where two blanks part it."""
    for file in sorted((ROOT / "mnist_repro").rglob("*.py")):
        for line in re.findall(r"^  (mnist-repro .+)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            yield from re.split(r" {2,}", line)[0].split(", then: ")


@pytest.mark.parametrize("example", sorted(set(examples())))
def test_an_example_of_a_help_text_can_be_typed(example: str) -> None:
    # The longest command of a list may have its explanation one blank behind it.
    words = example.split(" ")
    while words and not _parses(" ".join(words)):
        words.pop()

    assert [word for word in example.split(" ") if word[:2] == "--"] == [word for word in words if word[:2] == "--"]
    assert len(words) > 1


def _parses(command: str) -> bool:
    try:
        return hasattr(parser().parse_args(shlex.split(command)[1:]), "run")
    except (SystemExit, ValueError):
        return False


def test_options_that_pages_mention_exist(helped: str) -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", helped))
    known |= set(re.findall(r"--[a-z][a-z-]+", GENERATORS["mnist-repro"]() + GENERATORS["pjm"]()))
    known |= set(re.findall(r'"(--[a-z][a-z-]+)"', _source_of("mnist_repro")))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages() if "docs" in page.parts)
    mentioned = set(
        re.findall(r"--(?:fugaku|gate|repro|scale|seeds|arithmetic|rung|reason|new-margins|quick)[a-z-]*", text)
    )

    assert set() == mentioned - known


def test_a_folder_for_a_report_is_given_in_one_word() -> None:
    # As a word of its own, one that exists would be taken for a place of tests, in which pytest looks for conftest.py.
    shown = [*pages(), *(ROOT / ".github" / "workflows").iterdir(), *(ROOT / "mnist_repro").rglob("*.py")]
    told = "\n".join(page.read_text(encoding="utf-8") for page in shown) + GENERATORS["gate-options"]()

    assert [] == re.findall(r"--(?:gate|repro)-report (?:DIR|FOLDER|gate|report)\b", told)
    assert "`--gate-report=DIR`" in told


def _source_of(package: str) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in Path(ROOT / package).rglob("*.py"))
