from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.power import bug_digest as planted_source
from mnist_repro.power.bugs import BUGS_FILE, read_bugs

BUGS = read_bugs()


LIST = """
from mnist_repro.power.bugs import Bug

def helper(): return 1
def one(): return helper()
def other(): return 2

BUGS = (Bug("one", "…", ("vgg7",), one), Bug("other", "…", ("vgg7",), other))
"""


def test_a_bug_is_the_same_while_its_own_code_is(tmp_path: Path) -> None:
    file = tmp_path / "bugs.py"

    def digests(text: str) -> Tuple[str, str]:
        file.write_text(text, encoding="utf-8")
        return planted_source.digest(file, "one"), planted_source.digest(file, "other")

    one, other = digests(LIST)

    assert (one, other) == digests(LIST.replace("\ndef other", "\n# a comment\ndef other"))
    assert (one, other) == digests(LIST.replace('"one", "…"', '"one", "said better"'))
    assert (one, other) == digests(f'"""What the file is for."""\n{LIST}')
    assert other == digests(LIST.replace("return 1", "return 3"))[1]
    assert one != digests(LIST.replace("return 1", "return 3"))[0]
    assert one == digests(LIST.replace("return 2", "return 3"))[0]


@pytest.mark.parametrize(
    ("listed", "helper"),
    [
        ('Bug("one", "…", ("vgg7",), plant=one)', "def helper(): return 1"),
        ('Bug("one", sentence="…", recipes=("vgg7",), plant=one)', "def helper(): return 1"),
        ('Bug("one", "…", ("vgg7",), **dict(plant=one))', "def helper(): return 1"),
        ('Bug("one", *("…", ("vgg7",), one))', "def helper(): return 1"),
        ('Bug(name="one", sentence="…", recipes=("vgg7",), plant=one)', "def helper(): return 1"),
        ('Bug("one", "…", ("vgg7",), one)', "two, helper = 2, lambda: 1"),
        ('Bug("one", "…", ("vgg7",), one)', "if True:\n    def helper(): return 1"),
        (
            'Bug("one", "…", ("vgg7",), one)',
            "try:\n    from nowhere import helper\nexcept ImportError:\n    helper = 1",
        ),
        ('Bug("one", "…", ("vgg7",), one)', "helper = []\nhelper += [1]"),
        ('Bug("one", "…", ("vgg7",), one)', "helper = []\nhelper.append(1)"),
        ('Bug("one", "…", ("vgg7",), one)', "globals()['helper'] = lambda: 1"),
        ('Bug("one", "…", ("vgg7",), one)', "def helper(): return 1\nnumber = len('one')"),
    ],
)
def test_a_bug_is_another_when_its_code_changes_however_it_is_written(tmp_path: Path, listed: str, helper: str) -> None:
    file = tmp_path / "bugs.py"
    written = LIST.replace('Bug("one", "…", ("vgg7",), one)', listed).replace("def helper(): return 1", helper)

    def told(text: str) -> str:
        file.write_text(text, encoding="utf-8")
        return planted_source.digest(file, "one")

    assert told(written) == told(f"# a comment\n{written}")
    assert told(written) != told(written.replace(helper, helper.replace("1", "3")))


def test_every_bug_of_ours_is_told_by_its_own_code() -> None:
    chosen = [bug.name for bug in BUGS if bug.name.startswith(("epochs", "batch", "labels", "epsilon"))]
    found = {planted_source.digest(BUGS_FILE, name) for name in (*chosen, "the whole file")}

    assert len(chosen) + 1 == len(found) > 10
