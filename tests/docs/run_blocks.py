"""Runs every block of README and docs, page by page, as a reader would, and compares what is printed.

Not part of the everyday suite, because it installs and trains: `tox run -e docs`, or `pytest tests/docs/run_blocks.py`;
one page: `-k how-to/add-a-recipe`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, Optional

import pytest

from mnist_repro.data import locate, places
from mnist_repro.errors import BadInput
from tests.docs.blocks import ROOT, Block, blocks, untranslated
from tests.docs.comparing import difference
from tests.docs.shells import Said, Shell, timeout_of
from tests.ssh.login_node import LoginNode, login_node, missing

PAGES = [page.relative_to(ROOT).as_posix() for page in untranslated() if any(b.kind == "run" for b in blocks(page))]


@pytest.fixture(scope="module")
def real_mnist() -> bool:
    """Whether commands would find the real MNIST; nothing is downloaded to find out."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(places.OFFLINE, "1")
        try:
            return locate.load(say=lambda text: None).name == "mnist"
        except BadInput:
            return False


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def login() -> Iterator[LoginNode]:
    """A login node, whose user has the Python of this environment."""
    with tempfile.TemporaryDirectory(prefix="login-") as folder, login_node(Path(folder)) as node:
        python = node.home / "env" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        yield node


@pytest.mark.parametrize("page", PAGES)
def test_every_block_does_what_the_page_says(
    page: str, shell: Shell, real_mnist: bool, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    # None after a block that was left out: what it prints is not compared.
    printed: Optional[str] = None
    left_out = 0
    for block in blocks(ROOT / page):
        if block.kind == "file":
            shell.write(block.rest, block.text)
        elif block.kind == "output" and printed is not None:
            same(block, block.text, printed)
        elif block.kind == "run":
            needs = block.settings.get("needs")
            if (needs == "mnist" and not real_mnist) or (needs == "login" and missing() is not None):
                left_out, printed = left_out + 1, None
                continue
            if needs == "login":
                shell.first_on_path(request.getfixturevalue("login").commands)
            begun = time.monotonic()
            printed = run(block, shell)
            with capsys.disabled():
                # Of a worker of pytest-xdist only its standard error is seen.
                print(
                    f"\n  {block.place}: ran in {time.monotonic() - begun:.0f} s", end="", flush=True, file=sys.stderr
                )
    if left_out:
        with capsys.disabled():
            needs = "they need the real MNIST (MNIST_REPRO_DATA) or sshd"
            print(f"\n  {page}: {left_out} blocks NOT run, because {needs}", file=sys.stderr)


def run(block: Block, shell: Shell) -> str:
    """Run a block, as a reader would; what its last command printed."""
    place = block.settings.get("in")
    if place is not None:
        {"checkout": shell.enter_checkout, "folder": shell.enter_folder}[place]()
    if "typed" in block.settings:
        commands = block.commands()
        said = shell.type("".join(f"{command}\n" for command, _ in commands), timeout_of(block))
        check_code(block, said, "typed", last=True)
        same(block, "\n".join(output for _, output in commands if output), said.out)
        return said.out
    printed = ""
    for number, (command, output) in enumerate(block.commands(), 1):
        said = shell.run(command, timeout_of(block))
        check_code(block, said, command, last=number == len(block.commands()))
        if output is not None:
            same(block, output, said.out)
        printed = said.out
    return printed


def check_code(block: Block, said: Said, command: str, last: bool) -> None:
    expected = int(block.settings.get("exit", 0)) if last else 0
    if said.code != expected:
        happened = f"exit code {said.code}, expected {expected}, of"
        pytest.fail(f"{block.place}: {happened}\n{command}\n{said.out}", pytrace=False)


def same(block: Block, expected: str, printed: str) -> None:
    differs = difference(expected, printed)
    if differs:
        pytest.fail(f"{block.place}: not what the page says\n{differs}", pytrace=False)
