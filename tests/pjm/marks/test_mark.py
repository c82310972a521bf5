"""A mark's arguments become a request, or a message that names file, line, value and what to write."""

from __future__ import annotations

from typing import Dict, Mapping

import pytest

from pjm.batch.scheduler import Resources
from pjm.errors import BadInput
from pjm.marks.mark import FUGAKU_LIMITS, Defaults, Limit, Request, from_mark, read_limits

WHERE = "tests/test_a.py:12"


def test_an_empty_mark_asks_for_the_defaults() -> None:
    defaults = Defaults(elapse=60, rscgrp="small")

    assert Request(Resources(nodes=1, elapse=60, rscgrp="small")) == from_mark((), {}, WHERE, defaults)
    nothing = dict.fromkeys(("cpus", "mem", "gres", "ranks"))
    assert Request(Resources(nodes=1, elapse=60, rscgrp="small")) == from_mark((), nothing, WHERE, defaults)


def test_every_argument_of_a_mark_is_taken() -> None:
    arguments: Mapping[str, object] = {
        "nodes": 4,
        "elapse": "1:00:00",
        "rscgrp": "large",
        "env": {"B": "2", "A": "1 ; $(rm)"},
        "after": "test_train",
        "together": "training",
        "cpus": 8,
        "mem": "16G",
        "gres": "gpu:a100:2",
        "ranks": 5,
    }

    env = (("A", "1 ; $(rm)"), ("B", "2"))
    asked = Resources(4, 3600, "large", env=env, cpus=8, mem="16G", gres="gpu:a100:2", ranks=5)
    expected = Request(asked, "test_train", "training")
    assert expected == from_mark((), arguments, WHERE, Defaults(rscgrp="small"))


@pytest.mark.parametrize(
    "value",
    [
        "1x",
        "",
        " 1",
        "1 h",
        "h",
        "0",
        "00:00:00",
        0,
        -1,
        True,
        1.5,
        None,
        "1:2:3:4",
        "1:",
        "unlimited",
        "1-2",
        "１",
        "9" * 20,
        2147483648,
        "1h\n",
    ],
)
def test_an_elapse_limit_that_cannot_be_meant_is_refused_with_file_and_line(value: object) -> None:
    with pytest.raises(BadInput) as refusal:
        from_mark((), {"elapse": value}, WHERE, Defaults())

    assert str(refusal.value).startswith(f"{WHERE}: the mark fugaku has elapse={value!r}")
    assert 'elapse="00:30:00"' in refusal.value.fix


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"nodes": 0}, "nodes=0"),
        ({"nodes": "1"}, "nodes='1'"),
        ({"nodes": True}, "nodes=True"),
        ({"node": 1}, "'node'"),
        ({"rscgrp": "small; rm"}, "rscgrp='small; rm'"),
        ({"rscgrp": 'a"b'}, "rscgrp='a\"b'"),
        ({"rscgrp": "-g"}, "rscgrp='-g'"),
        ({"env": ["A=1"]}, "env=['A=1']"),
        ({"env": {"A B": "1"}}, "'A B'"),
        ({"env": {"A": 1}}, "{'A': 1}"),
        ({"env": {"A": "\0"}}, "'A'"),
        ({"env": {"PJM_JOBID": "1"}}, "PJM_JOBID"),
        ({"after": ""}, "after=''"),
        ({"together": " "}, "together=' '"),
        ({"together": True}, "together=True"),
        ({"after": ["test_train"]}, "after=['test_train']"),
        ({"cpus": 0}, "cpus=0"),
        ({"mem": 4096}, "mem=4096"),
        ({"mem": "4 GB"}, "mem='4 GB'"),
        ({"ranks": 0}, "ranks=0"),
        ({"ranks": "4"}, "ranks='4'"),
        ({"ranks": True}, "ranks=True"),
        ({"nodes": 3, "ranks": 2}, "ranks=2 on nodes=3"),
        ({"gres": "gpu:1 --wrap=x"}, "gres='gpu:1 --wrap=x'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_with_file_and_line(
    arguments: Dict[str, object], named: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        from_mark((), arguments, WHERE, Defaults())

    assert refusal.value.what.startswith(f"{WHERE}: the mark fugaku")
    assert named in refusal.value.what
    assert refusal.value.why
    assert refusal.value.fix


def test_arguments_without_a_name_are_refused() -> None:
    with pytest.raises(BadInput, match="keyword arguments only"):
        from_mark((4,), {}, WHERE, Defaults())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"rscgrp": "small", "nodes": 385}, "1 to 384 nodes"),
        ({"rscgrp": "large", "nodes": 384}, "385 to 12288 nodes"),
        ({"rscgrp": "small", "elapse": "72:00:01"}, "at most 72:00:00"),
        ({"nodes": 385}, "1 to 384 nodes"),
    ],
)
def test_more_than_the_resource_group_allows_is_refused(arguments: Dict[str, object], why: str) -> None:
    limits = read_limits(FUGAKU_LIMITS, "the defaults")

    with pytest.raises(BadInput) as refusal:
        from_mark((), arguments, WHERE, Defaults(rscgrp="small", limits=limits))

    assert why in refusal.value.why


def test_what_the_resource_group_just_allows_is_taken() -> None:
    limits = read_limits(FUGAKU_LIMITS, "the defaults")
    arguments: Dict[str, object] = {"rscgrp": "small", "nodes": 384, "elapse": "72:00:00"}

    assert Request(Resources(384, 259200, "small")) == from_mark((), arguments, WHERE, Defaults(limits=limits))


def test_an_unknown_resource_group_is_left_to_the_site() -> None:
    limits = read_limits(FUGAKU_LIMITS, "the defaults")

    assert 9999 == from_mark((), {"rscgrp": "debug", "nodes": 9999}, WHERE, Defaults(limits=limits)).resources.nodes


def test_limits_are_read_from_lines() -> None:
    assert {"tiny": Limit(1, 2, 600)} == read_limits(["tiny 1-2 10:00"], "fugaku_limits")


@pytest.mark.parametrize("line", ["", "small", "small 2-1 1:00", "small 1-x 1:00", "small 1-2 1x", "a b 1-2 1:00"])
def test_a_line_of_limits_that_cannot_be_meant_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="fugaku_limits"):
        read_limits([line], "fugaku_limits")
