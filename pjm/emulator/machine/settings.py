"""The settings of the emulated machine: nodes, delays and limits. See docs/reference/emulator.md."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence

from pjm.emulator.machine.resources import CUSTOM
from pjm.errors import BadInput
from pjm.files import write_json

PREFIX = "PJM_EMULATOR_"
_NEVER_0 = ("nodes", "second")
# A value has the kind of its default.
_KINDS: Mapping[type, str] = {
    int: "a whole number, and no negative one",
    float: "a number, and no negative one",
    bool: "true or false",
    str: "a text",
    list: "a list",
    dict: "an object",
}
HOUR = 3600


class ResourceGroup(NamedTuple):
    """The limits of a resource group. Source of the defaults: the lists of `pjacl` in the Fugaku user guide.

    ``denied`` is what it refuses with 0070: a word of `batch bulk step`, or several.
    """

    nodes_min: int = 1
    nodes_max: int = 384
    nodes_default: int = 1
    elapse_min: int = 60
    elapse_max: int = 72 * HOUR
    elapse_default: int = 60
    adaptive_max: int = 144 * HOUR
    mode: str = "noncont"
    enabled: bool = True
    denied: str = ""


GROUPS = {
    "small": ResourceGroup(),
    "large": ResourceGroup(385, 12288, 385, 60, 24 * HOUR, 60, 96 * HOUR, "torus"),
    "middle": ResourceGroup(12289, 55296, 12289, 60, 24 * HOUR, 60, 96 * HOUR, "torus", enabled=False),
    # For interactive jobs: clients recorded what it says to others.
    "int": ResourceGroup(1, 12, 1, 10, 6 * HOUR, 60, 6 * HOUR, denied="batch"),
    "spot-small": ResourceGroup(elapse_max=4 * HOUR, adaptive_max=12 * HOUR),
    "spot-large": ResourceGroup(385, 12288, 385, 60, 4 * HOUR, 60, 12 * HOUR, "torus"),
}


class Settings(NamedTuple):
    """The settings, by these names in `emulator.json`, or in capitals after PJM_EMULATOR_ in the environment.

    Attributes:
        nodes: compute nodes. A job that asks for more takes them all.
        second: real seconds that one second of PJM takes; with 0.01, a limit of one minute passes in 0.6 s.
        accept, start, end: how long a job is ACC, RNA and RNO, in real seconds.
        linger: how long an ended job stays in the default view of pjstat, in real seconds.
        history_delay: how long after that `pjstat -H` begins to show the job, in real seconds.
        late: how long a new job is in neither view, in real seconds.
        kill_after: PJM's seconds from SIGXCPU at the elapse limit to SIGKILL.
        history_days: how far back `pjstat -H` looks by default.
        header_only: whether pjstat prints the header of a table if no job matches; if False, it prints nothing.
        require_group: refuse jobs without `-g`, as Fugaku does.
        check_directory: refuse submissions from outside folders of this prefix, as Fugaku's wrapper does.
        check_gfscache: refuse submissions without PJM_LLIO_GFSCACHE, as Fugaku's wrapper does.
        accept_jobs, accept_bulk, accept_step: how many unfinished jobs, bulk sub jobs and step sub jobs a group may
            have; 0 for no limit.
        accept_user: how many unfinished jobs a user may have; 0 for no limit.
        first_id: the id of the first job.
        idle: real seconds without work after which the daemon ends.
        rscunit, rscgrp: resource unit and resource group of jobs that name none.
        groups: the limits of each resource group.
        custom: the custom resources, each with the values that it takes; () for any.
    """

    nodes: int = 4
    second: float = 1.0
    accept: float = 0.03
    start: float = 0.03
    end: float = 0.03
    linger: float = 0.0
    history_delay: float = 0.0
    late: float = 0.0
    kill_after: float = 10.0
    history_days: int = 3
    header_only: bool = False
    require_group: bool = False
    check_directory: str = ""
    check_gfscache: bool = False
    accept_jobs: int = 1000
    accept_bulk: int = 2000
    accept_step: int = 50000
    accept_user: int = 0
    first_id: int = 48000001
    idle: float = 2.0
    rscunit: str = "rscunit_ft01"
    rscgrp: str = "small"
    groups: Mapping[str, ResourceGroup] = GROUPS
    custom: Mapping[str, Sequence[str]] = CUSTOM


_DEFAULTS: Mapping[str, Any] = Settings()._asdict()
_LIMITS: Mapping[str, Any] = ResourceGroup()._asdict()


def read(path: Path, variables: Optional[Mapping[str, str]] = None) -> Settings:
    """Read the settings of the file; environment variables replace them.

    Raises:
        BadInput: a name is unknown, or a value is invalid.
    """
    texts = {name: (variables or {}).get(PREFIX + name.upper()) for name in _DEFAULTS if name not in _MADE_OF}
    given = {name: text for name, text in texts.items() if text is not None}
    return checked({**_file(path), **from_texts(given)}, str(path))


def from_texts(texts: Mapping[str, str]) -> Dict[str, object]:
    """Settings from texts, as of the environment. What cannot be read stays a text, which `checked` refuses."""
    given: Dict[str, object] = dict(texts)
    for name, text in texts.items():
        kind = type(_DEFAULTS.get(name, ""))
        if kind is bool:
            given[name] = {"1": True, "true": True, "0": False, "false": False, "": False}.get(text.lower(), text)
        elif kind in (int, float):
            with contextlib.suppress(ValueError):
                given[name] = kind(text)
    return given


def _file(path: Path) -> Dict[str, object]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{path} cannot be read", str(error.strerror), "repair it, or remove it") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read", f"it is no JSON: {error}", "repair it, or remove it") from error
    if not isinstance(given, dict):
        raise BadInput(f"{path} cannot be read", 'settings by name were expected, as in {"nodes": 4}', "repair it")
    return given


def write(path: Path, given: Mapping[str, object]) -> None:
    """Check and write a settings file. Settings in the file that ``given`` does not name are kept.

    Raises:
        BadInput: a name is unknown, or a value is invalid.
    """
    before = _file(path)
    after = {**before, **given}
    checked(after, str(path))
    if after != before or not path.exists():
        write_json(path, after, lasting=False)


def checked(given: Mapping[str, object], where: str) -> Settings:
    """Build settings from plain values.

    Raises:
        BadInput: a name is unknown, or a value is invalid.
    """
    return Settings(**_checked(given, _DEFAULTS, where))


def _checked(
    given: Mapping[str, object], defaults: Mapping[str, object], where: str, prefix: str = ""
) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    for name, value in given.items():
        if name not in defaults:
            raise BadInput(
                f"unknown setting {prefix + name!r} in {where}",
                f"known are: {', '.join(sorted(defaults))}",
                "correct the name",
            )
        values[name] = _value(prefix + name, type(defaults[name]), value, where)
        if name in _MADE_OF and not prefix:
            values[name] = _MADE_OF[name](values[name], where)
    return values


def _value(name: str, kind: type, value: Any, where: str) -> Any:
    fits = type(value) is kind or (kind is float and type(value) is int)
    if fits and kind in (int, float):
        fits = 0 <= value < math.inf and (value != 0 or name not in _NEVER_0)
    if not fits:
        raise BadInput(
            f"setting {name!r} in {where} is {value!r}",
            f"it must be {_KINDS[kind]}{', and not 0' if name in _NEVER_0 else ''}",
            "correct the value",
        )
    return value


def _groups(value: Dict[str, object], where: str) -> Mapping[str, ResourceGroup]:
    groups = dict(GROUPS)
    for name, limits in value.items():
        prefix = f"groups.{name}"
        changes = _checked(_value(prefix, dict, limits, where), _LIMITS, where, f"{prefix}.")
        groups[name] = groups.get(name, ResourceGroup())._replace(**changes)
    return groups


def _custom(value: Dict[str, object], where: str) -> Mapping[str, Sequence[str]]:
    for name, words in value.items():
        for word in _value(f"custom.{name}", list, words, where):
            _value(f"custom.{name}", str, word, where)
    return {**CUSTOM, **value}  # type: ignore[dict-item]  # as checked


_MADE_OF = {"groups": _groups, "custom": _custom}
