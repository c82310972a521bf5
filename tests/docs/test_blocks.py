"""Every block of README and docs says what it is, and what it is can be believed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import KEYS, KINDS, ROOT, Block, all_blocks, blocks

# How many blocks no test runs. Raise it only with a reason that nobody can argue with.
MOST_NOT_RUN = 12

BLOCKS = all_blocks()


def of_kind(kind: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind == kind]


def test_every_block_says_what_it_is() -> None:
    assert [] == [block.place for block in BLOCKS if block.kind not in KINDS]


def test_few_blocks_cannot_be_run_and_each_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    not_run = of_kind("cannot-run")

    with capsys.disabled():
        print(f"\n{len(not_run)} of {len(BLOCKS)} blocks of README and docs cannot be run:")
        for block in not_run:
            print(f"  {block.place}: {block.rest}")

    assert [] == [block.place for block in not_run if len(block.rest.split()) < 4]
    assert len(not_run) <= MOST_NOT_RUN


def test_blocks_to_run_are_set_only_as_the_test_understands() -> None:
    assert [] == [block.place for block in of_kind("run") if not set(KEYS).issuperset(block.settings)]


def test_blocks_to_run_are_of_a_shell() -> None:
    assert [] == [block.place for block in of_kind("run") if block.language not in ("sh", "console")]


def test_a_console_block_begins_with_a_command() -> None:
    assert [] == [block.place for block in of_kind("run") if block.language == "console" and block.text[:2] != "$ "]


def test_an_output_stands_below_what_prints_it() -> None:
    before = dict(zip(BLOCKS[1:], BLOCKS))

    for block in of_kind("output"):
        assert (block.page, "run", "sh") == (before[block].page, before[block].kind, before[block].language)


@pytest.mark.parametrize("block", of_kind("part-of") + of_kind("ran-by"), ids=lambda block: str(block.place))
def test_what_is_shown_of_a_file_stands_in_it(block: Block) -> None:
    shown = (line.strip().replace(": ...", ":") for line in block.text.splitlines())
    wanted = [line for line in shown if line not in ("", "…", "...")]
    text = (ROOT / block.rest).read_text(encoding="utf-8")
    there = iter(re.sub(r"^(- )?run: ", "", line.strip()) for line in text.splitlines())

    assert [] == [line for line in wanted if line not in there]


def test_a_page_is_read_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- block: run exit=1 in=checkout -->\n\n```console\n$ first \\\n> rest\nsaid\n$ second\n```\n\n"
        "Words.\n\n````\n```\nnot a fence\n```\n````\n\n"
        "- item\n  <!-- block: file a.py -->\n  ```python\n  x = 1\n  ```\n"
        "\n```{toctree}\nno block\n```\n",
        encoding="utf-8",
    )

    console, unmarked, file = blocks(page)

    assert ("run", {"exit": "1", "in": "checkout"}) == (console.kind, console.settings)
    assert [("first \\\nrest", "said"), ("second", "")] == console.commands()
    assert (None, "```\nnot a fence\n```\n") == (unmarked.kind, unmarked.text)
    assert ("file", "a.py", "x = 1\n") == (file.kind, file.rest, file.text)
