"""Which lines of a script are directives, and their words."""

from __future__ import annotations

from typing import List

import pytest

from pjm.emulator.commands.directives import directives, split
from pjm.emulator.commands.getopt import scan
from pjm.emulator.commands.request import KNOWN, merged
from tests.builders.emulated import Emulated


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (' -L "node=1, elapse=60" -N a', ["-L", "node=1, elapse=60", "-N", "a"]),
        ("-x 'A=$B \"c\"'", ["-x", 'A=$B "c"']),
        (r"-N a\ b\"c", ["-N", 'a b"c']),
        (r'"a\"b\n"', [r'a"b\n']),
        ("-N a#b # rest", ["-N", "a#b"]),
        ('-x ""', ["-x", ""]),
        ("\t-j\r", ["-j"]),
        ("日本 '語'", ["日本", "語"]),
    ],
)
def test_words_of_a_directive(text: str, words: List[str]) -> None:
    assert words == split(text)


@pytest.mark.parametrize(
    ("script", "nodes"),
    [
        ('#PJM -L "node=2"\n', "2"),
        ("\n\n# a comment\n\n#PJM -L node=2\n", "2"),
        ('#PJM -L "node=2" # two of them\n', "2"),
        ("#PJM --rsc-list=node=2\n", "2"),
        ('#PJM -L "elapse=70, node=2"\n', "2"),
        ("#PJM -L node=3\n#PJM -L node=2\n", "2"),
        ("#PJM --vset N=2\n#PJM -L node=${N}\n", "2"),
        ("# PJM -L node=2\n", "1"),
        ("##PJM -L node=2\n", "1"),
        ("#\tPJM -L node=2\n", "1"),
        ("#PJMX -L node=2\n", "1"),
        (" # indented\n#PJM -L node=2\n", "1"),
        ("  \n#PJM -L node=2\n", "1"),
        ("true\n#PJM -L node=2\n", "1"),
    ],
)
def test_which_lines_of_a_script_are_directives(script: str, nodes: str) -> None:
    given, _ = scan(directives(f"#!/bin/sh\n{script}")[0], KNOWN)

    assert nodes == merged(given, []).keyed.get("rsc", {}).get("node", "1")


def test_more_than_64_words_of_one_line_are_warned_of() -> None:
    words, warnings = directives(f"#PJM{' -j' * 65}\n")

    assert (64, ["Too many arguments in script file."]) == (len(words), warnings)


def test_another_prefix() -> None:
    assert (["-j"], []) == directives("#!/bin/sh\n#PJM -S\n#MY -j\n", "#MY")


def test_a_nul_in_a_directive_is_no_text(pjm: Emulated) -> None:
    (pjm.work / "job.sh").write_bytes(b"#!/bin/sh\n#PJM -N a\0b\n")

    refused = pjm.command("pjsub", "job.sh")

    assert (1, "[ERR.] PJM 0022 pjsub File format error: job.sh.\nFile line 2.\n") == (refused.code, refused.err)
