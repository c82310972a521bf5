"""The emulator's pure parts: words, ids, times, options, dependencies."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest

from pjm.emulator.commands.directives import directives, split
from pjm.emulator.commands.getopt import Option, scan
from pjm.emulator.commands.request import KNOWN, merged
from pjm.emulator.machine.ids import wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.settings import Settings, checked
from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.machine.times import duration, limit, limits
from pjm.emulator.running.job_environment import filled, keyword
from pjm.emulator.running.steps import removed
from pjm.errors import BadInput


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


@pytest.mark.parametrize(
    ("word", "jids", "subs"),
    [
        ("12", (12, 12), None),
        ("12-20", (12, 20), None),
        ("12[3]", (12, 12), (3, 3)),
        ("12[3-5]", (12, 12), (3, 5)),
        ("12_3", (12, 12), (3, 3)),
        ("12_3-5", (12, 12), (3, 5)),
    ],
)
def test_ids(word: str, jids: Tuple[int, int], subs: Optional[Tuple[int, int]]) -> None:
    found = wanted(word)

    assert found is not None
    assert (jids, subs) == (found.jids, found.subs)


@pytest.mark.parametrize("word", ["", "x", "12-", "20-12", "12[5-3]", "12[", "12_", "1.5", "-1", "12\n", "2147483648"])
def test_what_is_no_id(word: str) -> None:
    assert wanted(word) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0:10:0", 600), ("60:00", 3600), ("1H", 3600), ("unlimited", 2147483647), ("1x", None), ("", None)],
)
def test_limits_of_time(text: str, seconds: Optional[int]) -> None:
    assert seconds == limit(text)


def test_ranges_of_time_and_how_they_are_written() -> None:
    assert [(60, 60), (60, 120), (60, None), None] == [limits(text) for text in ("60", "60-2:00", "60-", "-60")]
    assert ["0000:01:01", "0100:00:00", "unlimited", "-"] == [
        duration(seconds) for seconds in (61, 360000, 2147483647, None)
    ]


def test_options_in_each_of_their_spellings() -> None:
    known = {
        "-a": Option("a"),
        "-b": Option("b"),
        "-v": Option("v", "value"),
        "--value": Option("v", "value"),
        "-z": Option("z", "maybe", "jid"),
    }
    words = ["-ab", "-v1", "one", "-v", "2", "--value=3=4", "--value", "5", "-z", "jid", "-z", "two", "--", "-a"]

    given, others = scan(words, known)

    values = [("v", "1"), ("v", "2"), ("v", "3=4"), ("v", "5")]
    assert [("a", ""), ("b", ""), *values, ("z", "jid"), ("z", "")] == given
    assert ["one", "two", "-a"] == others


@pytest.mark.parametrize("words", [["-x"], ["--a"], ["-v"], ["-a=1"]])
def test_options_that_are_none(words: List[str]) -> None:
    with pytest.raises(Refusal):
        scan(words, {"-a": Option("a"), "-v": Option("v", "value")})


def test_a_dependency_without_numbers_means_the_step_that_was_executed_last() -> None:
    ended = {0: {"ec": 1, "pc": 0}, 5: {"ec": 0, "pc": 0}}

    assert [] == removed(6, ["ec!=0"], ended, {})
    assert [6] == removed(6, ["ec!=0:one:0"], ended, {})
    assert [6, 7, 9] == removed(6, ["ec==0:after"], ended, {7: ["ec==3"], 8: ["pc==9:one:5"], 9: ["ec==3:one:7"]})


def test_names_of_files() -> None:
    job = Job(12, 3, "BU", "name", "user", "group")

    assert "12 12[3] 3  name % %x" == filled("%j %J %b %s %n %% %x", job)
    assert "12.3." == filled("%j.%s.", Job(12, 3, "ST", "name", "user", "group"))
    assert ("12", "12_3") == (Job(12, WHOLE, "ST", "", "", "").id, Job(12, 3, "ST", "", "", "").id)
    assert ("J1a", "a" * 63) == (keyword("1a"), keyword("a" * 70))


@pytest.mark.parametrize(
    "given",
    [{"nodes": 0}, {"nodes": "4"}, {"second": -1}, {"header_only": 1}, {"groups": {"small": {"x": 1}}}, {"x": 1}],
)
def test_settings_that_make_no_sense(given: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        checked(given, "emulator.json")


def test_settings_of_a_resource_group_change_only_what_they_name() -> None:
    groups = checked({"groups": {"small": {"elapse_min": 1}, "mine": {}}}, "emulator.json").groups

    assert (1, 384) == (groups["small"].elapse_min, groups["small"].nodes_max)
    assert Settings().groups["small"] == groups["mine"]
