"""The arguments of the mark `fugaku`, as a validated value: the resources that one test asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Mapping, Optional, Sequence, Tuple, Union

from pjm.batch.scheduler import Resources
from pjm.elapse import elapse_seconds, elapse_text
from pjm.errors import BadInput

KEYS = ("nodes", "elapse", "rscgrp", "env", "after", "together", "cpus", "mem", "gres", "ranks")
EXAMPLE = '@pytest.mark.fugaku(nodes=1, elapse="00:30:00", env={"OMP_NUM_THREADS": "48"})'

# Fugaku's resource groups, 2024 to 2026: nodes and longest elapse. A line of the option fugaku_limits replaces the
# line of the same group.
FUGAKU_LIMITS = (
    "small 1-384 72:00:00",
    "large 385-12288 24:00:00",
    "middle 12289-55296 24:00:00",
    "int 1-12 6:00:00",
    "spot-small 1-384 4:00:00",
    "spot-large 385-12288 4:00:00",
    "spot-middle 12289-55296 4:00:00",
    "spot-int 1-12 6:00:00",
    "f-pt 1-12288 24:00:00",
)

_MOST_RANKS = 1024  # of a node: more is taken for a slip
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
# Of a node, on batch systems that share nodes out: valid values, the words for them, and an example.
_OF_NODE = {
    "mem": (re.compile(r"[1-9]\d{0,8}[KMGT]?", re.ASCII), "the memory of a node: a number, and K, M, G or T", "4G"),
    "gres": (
        re.compile(r"[A-Za-z][A-Za-z0-9_.:,=-]{0,199}", re.ASCII),
        "what else a node has, name:count",
        "gpu:1",
    ),
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Limit:
    """What a resource group allows: numbers of nodes, and the longest elapse in seconds."""

    least_nodes: int
    most_nodes: int
    longest_elapse: int


@dataclass(frozen=True)
class Defaults:
    """The values of arguments that a mark leaves out, and the limits of those that it gives.

    Attributes:
        elapse: seconds.
        rscgrp: resource group; None leaves it to the site.
        limits: limits by resource group; a group without limits is not checked.
    """

    elapse: int = 1800
    rscgrp: Optional[str] = None
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What the mark of one test says.

    Attributes:
        resources: what its job asks for, but for what the site adds: the group that is charged, and volumes.
        after: the test that must pass before, as it is written in the mark.
        together: name of a group that runs in one job; None: with its class if that fits; False: with any test.
    """

    resources: Resources
    after: Optional[str] = None
    together: Union[str, bool, None] = None


def from_mark(args: Sequence[object], kwargs: Mapping[str, object], where: str, defaults: Defaults) -> Request:
    """Build a request from the arguments of a mark.

    Args:
        args: positional arguments; there must be none.
        kwargs: keyword arguments.
        where: file and line of the mark, for messages: "tests/test_a.py:12".
        defaults: values of the arguments that the mark leaves out, and the limits.

    Raises:
        BadInput: an argument is invalid.
    """
    if args:
        raise BadInput(
            f"{where}: the mark fugaku has the argument {args[0]!r} without a name",
            f"it takes keyword arguments only: {', '.join(KEYS)}",
            f"write for example {EXAMPLE}",
        )
    unknown = [key for key in kwargs if key not in KEYS]
    if unknown:
        raise BadInput(
            f"{where}: the mark fugaku has the unknown argument {unknown[0]!r}",
            f"it takes {', '.join(KEYS)}",
            f"write for example {EXAMPLE}",
        )
    resources = Resources(
        nodes=_count("nodes", "compute nodes", kwargs.get("nodes", 1), where),
        elapse=elapse_seconds(kwargs.get("elapse", defaults.elapse), f"{where}: the mark fugaku"),
        rscgrp=group_name(kwargs.get("rscgrp", defaults.rscgrp), f"{where}: the mark fugaku has rscgrp="),
        env=_env(kwargs.get("env", {}), where),
        cpus=_count("cpus", "processors of a node", kwargs["cpus"], where) if kwargs.get("cpus") is not None else None,
        ranks=_count("ranks", "MPI processes", kwargs["ranks"], where) if kwargs.get("ranks") is not None else None,
        mem=_of_node("mem", kwargs, where),
        gres=_of_node("gres", kwargs, where),
    )
    request = Request(resources, _after(kwargs.get("after"), where), _together(kwargs.get("together"), where))
    if (resources.ranks or 0) > _MOST_RANKS * resources.nodes:
        raise BadInput(
            f"{where}: the mark fugaku asks for ranks={resources.ranks} on nodes={resources.nodes}",
            f"a node runs at most {_MOST_RANKS}",
            "write fewer ranks, or more nodes",
        )
    if resources.ranks is not None and resources.ranks < resources.nodes:
        raise BadInput(
            f"{where}: the mark fugaku asks for ranks={resources.ranks} on nodes={resources.nodes}",
            "some node would run none of them",
            f"write ranks={resources.nodes} or more, or fewer nodes",
        )
    _check_limit(resources, where, defaults.limits)
    return request


def group_name(value: object, where: str, example: str = 'rscgrp="small"') -> Optional[str]:
    """Check the name of a resource group, or None.

    Args:
        value: the name.
        where: the place of the value and the text before it, for messages: "tests/test_a.py:12: the mark fugaku has
            rscgrp=".
        example: a valid value, as it is written there.

    Raises:
        BadInput: the value is not a valid name.
    """
    if value is not None and not (isinstance(value, str) and _GROUP.fullmatch(value)):
        raise BadInput(
            f"{where}{value!r}",
            "it is the name of a resource group: letters, digits and _ . - only, at most 63",
            f"write for example {example}",
        )
    return value


def read_limits(lines: Sequence[str], where: str) -> Dict[str, Limit]:
    """Read limits by resource group from lines such as "small 1-384 72:00:00".

    Raises:
        BadInput: a line does not have this form; `where` names the option.
    """
    limits: Dict[str, Limit] = {}
    for line in lines:
        words = line.split()
        nodes = re.fullmatch(r"(\d{1,9})-(\d{1,9})", words[1], re.ASCII) if len(words) == 3 else None
        if nodes is None or int(nodes[1]) > int(nodes[2]):
            raise BadInput(
                f"{where} has the line {line!r}",
                "a line is a resource group, its fewest and most nodes, and its longest elapse",
                "write for example: small 1-384 72:00:00",
            )
        elapse = elapse_seconds(words[2], f"{where}: {line!r}", "small 1-384 72:00:00")
        limits[words[0]] = Limit(int(nodes[1]), int(nodes[2]), elapse)
    return limits


def _count(name: str, what: str, value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput(
            f"{where}: the mark fugaku has {name}={value!r}",
            f"it is the number of {what}, a whole number of at least 1",
            f"write for example {name}=1",
        )
    return value


def _of_node(name: str, kwargs: Mapping[str, object], where: str) -> Optional[str]:
    value, (form, what, example) = kwargs.get(name), _OF_NODE[name]
    if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
        raise BadInput(
            f"{where}: the mark fugaku has {name}={value!r}", f"it is {what}", f'write for example {name}="{example}"'
        )
    return value


def _env(value: object, where: str) -> Tuple[Tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{where}: the mark fugaku has env={value!r}",
            "it is a dictionary of environment variables and their values",
            'write for example env={"OMP_NUM_THREADS": "48"}',
        )
    for name, text in value.items():
        if not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
            raise BadInput(
                f"{where}: the mark fugaku has the environment variable {name!r}",
                "a name is made of letters, digits and _, and does not begin with a digit",
                'write for example env={"OMP_NUM_THREADS": "48"}',
            )
        if name.startswith("PJM_"):
            raise BadInput(
                f"{where}: the mark fugaku sets the environment variable {name}",
                "variables named PJM_… belong to the batch system, which does not let a job set them",
                "take it out of env=; volumes are set by the option fugaku_gfscache",
            )
        if not isinstance(text, str) or "\0" in text:
            raise BadInput(
                f"{where}: the mark fugaku has env={{{name!r}: {text!r}}}",
                "a value is a string without NUL",
                f'write for example env={{"{name}": "48"}}',
            )
    return tuple(sorted(value.items()))


def _after(value: object, where: str) -> Optional[str]:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise BadInput(
            f"{where}: the mark fugaku has after={value!r}",
            "it is the name of one test, or its node id",
            'write for example after="test_train"',
        )
    return value


def _together(value: object, where: str) -> Union[str, bool, None]:
    if value is None or value is False or (isinstance(value, str) and value.strip()):
        return value
    raise BadInput(
        f"{where}: the mark fugaku has together={value!r}",
        "it is a name that all tests of one job share, or False for a class whose tests may run in several jobs",
        'write for example together="database"',
    )


def _check_limit(resources: Resources, where: str, limits: Mapping[str, Limit]) -> None:
    group = resources.rscgrp
    limit = limits.get(group or "")
    if limit is None:
        return
    if not limit.least_nodes <= resources.nodes <= limit.most_nodes:
        raise BadInput(
            f"{where}: the mark fugaku asks for {resources.nodes} nodes of the resource group {group}",
            f"that group takes jobs of {limit.least_nodes} to {limit.most_nodes} nodes",
            "change nodes= or rscgrp= (the option fugaku_limits says what this project takes a group to allow)",
        )
    if resources.elapse > limit.longest_elapse:
        raise BadInput(
            f"{where}: the mark fugaku asks for {elapse_text(resources.elapse)} in the resource group {group}",
            f"that group takes jobs of at most {elapse_text(limit.longest_elapse)}",
            "change elapse= or rscgrp= (the option fugaku_limits says what this project takes a group to allow)",
        )
