"""The options of a submission: merges script and command line, and checks them. Source: Command Reference, 81-99."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

from pjm.emulator.commands.getopt import FLAG, MAYBE, VALUE, Given, Option, options
from pjm.emulator.machine import times
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.resources import CORES, LLIO_SIZES, NUMERIC, PROCESS_LIMITS, RETENTION_NODES, TEMPORARY, size
from pjm.emulator.machine.settings import Settings

# Each option by its name here, then its spellings on the command line.
_WITH_VALUE = """
rsc -L --rsc-list; group -g --gname; gid --gid; name -N --name; out -o --out; err -e --err; spath --spath; env -x;
mpi --mpi; llio --llio; sparam --sparam; at --at; priority -p; mail -m; mail-list --mail-list; comment --comment;
fs --fs; appname --appname; vnode-policy -P; net-route --net-route; vset --vset; wait -w;
script-delimiter --script-delimiter; prefix -C --dir-prefix
"""
_FLAGS = """
join -j; stats -s --stats; STATS -S --STATS; export -X; bulk --bulk; step --step; interact --interact; mswk --mswk;
restart --restart; norestart --norestart; verbose --verbose; help --help; no-check-directory --no-check-directory;
no-check-gfscache --no-check-gfscache; all-mount-gfscache --all-mount-gfscache
"""
KNOWN = {**options(_WITH_VALUE, VALUE), **options(_FLAGS, FLAG), "-z": Option("quiet", MAYBE, "jid")}
WRAPPERS = ("no-check-directory", "no-check-gfscache", "all-mount-gfscache")
IGNORED_IN_SCRIPTS = ("prefix", "verbose", "script-delimiter")
BY_KEY = ("rsc", "mpi", "llio", "env", "sparam", "vset")
ON_OR_OFF = ("auto-readahead", "async-close", "cn-read-cache", "sio-read-cache")
_MPI = "shape proc max-proc-per-node rank-map-bynode rank-map-bychip rank-map-hostfile assign-online-node"
# The known keys of options that have keys. Unknown keys of -L are custom resources.
SUB_OPTIONS = {
    "mpi": tuple(_MPI.split()),
    "llio": (*LLIO_SIZES, *ON_OR_OFF, "stripe-count", "uncompleted-fileinfo-path", "perf", "perf-path"),
}
EXCLUSIVE = (("stats", "STATS"), ("restart", "norestart"), ("verbose", "quiet"))
MODELS = ("bulk", "step", "interact", "mswk")
# Words of `-L node=...`; at most one may be given.
ALLOCATION = ("torus", "mesh", "noncont")
LONGEST_NAME = 63
SHAPE = re.compile(r"[1-9]\d{0,8}(x[1-9]\d{0,8}){0,2}")
LARGEST_STEP = 65534
MOST_CUSTOM = 64
TOO_LARGE = "warn: specification of core retention is invalid because job size is too large."
"""Of Fugaku's wrapper, which accepts the job: Fugaku user guide, Normal job."""
Value = TypeVar("Value")


class Merged(NamedTuple):
    """The merged options: an option of the command line replaces that of the script; options with keys, key by key."""

    single: Dict[str, str]
    keyed: Dict[str, Dict[str, str]]
    dependencies: List[str]

    def has(self, name: str) -> bool:
        """Whether the option was given."""
        return name in self.single or name in self.keyed


def merged(script: Sequence[Given], line: Sequence[Given]) -> Merged:
    """Merge the options of the script and of the command line.

    Raises:
        Refusal: options exclude each other, or an option is not allowed in a script.
    """
    result = Merged({}, {}, [])
    for name, _ in script:
        if name in WRAPPERS:
            raise Refusal("01", f"--{name}")
    for origin in ([given for given in script if given[0] not in IGNORED_IN_SCRIPTS], line):
        dependencies: List[str] = []
        for name, value in origin:
            if name in BY_KEY:
                pairs = _pairs(name, value)
                dependencies += [text for key, text in pairs if (name, key) == ("sparam", "sd")]
                result.keyed.setdefault(name, {}).update(pairs)
            else:
                result.single[name] = value
        result.dependencies[:] = dependencies or result.dependencies
    for first, second in (*EXCLUSIVE, *((one, other) for one in MODELS for other in MODELS if one < other)):
        if result.has(first) and result.has(second):
            raise Refusal("02", f"'{spelt(first)}' and '{spelt(second)}'")
    return result


def spelt(name: str) -> str:
    """The option as it is written on a command line."""
    return next(spelling for spelling, option in KNOWN.items() if option.name == name)


def _pairs(name: str, value: str) -> List[Tuple[str, str]]:
    pairs: List[Tuple[str, str]] = []
    # Do not split at commas within brackets, as in `vnode=2(core=1;mem=3)`.
    for token in re.split(r",(?![^(]*\))" if name == "rsc" else ",", value):
        token = token.strip()
        # The values of a dependency have commas too: `ec==1,3,5`.
        if name == "sparam" and pairs and (re.match(r"\d", token) or "=" not in token):
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{token}")
            continue
        key, equals, text = token.partition("=")
        if name == "mpi" and key.startswith("rank-map-bychip:"):
            key, _, text = key.partition(":")
        if not key or (not equals and name in ("env", "vset")) or key != key.strip() or text != text.strip():
            raise Refusal("04", f"{spelt(name)} {token}")
        if key not in SUB_OPTIONS.get(name, (key,)):
            raise Refusal("03", f"{spelt(name)} {token}")
        pairs.append((key, text))
    return pairs


class Wanted(NamedTuple):
    """The resources that a job asks for. They are stored with the job: see `submission`.

    Attributes:
        nodes: number of nodes.
        shape: such as `2x3x2`; "" if only a number was given.
        mode: torus, mesh or noncont.
        elapse: limit in seconds; the upper end if it is a range.
        least: the lower end of a range; None for a plain limit.
        memory: limit of a node in bytes; None for unlimited.
        given: the keys that the user gave.
        limits: limits of processes, by name.
        custom: custom resources.
    """

    rscunit: str
    rscgrp: str
    nodes: int
    shape: str
    mode: str
    elapse: int
    least: Optional[int]
    memory: Optional[int]
    given: Tuple[str, ...]
    limits: Mapping[str, str]
    custom: Tuple[Tuple[str, str], ...]


def resources(pairs: Dict[str, str], settings: Settings) -> Wanted:
    """Read `-L`, and check it against the limits of the resource group.

    Raises:
        Refusal: 0004 for a value that cannot be read, 0002 and 0076 for a custom resource that does not exist or has
            another value, 0054, 0057, 0058 and 0059 for limits.
    """
    given = {{"rg": "rscgrp", "ru": "rscunit"}.get(key, key): value for key, value in pairs.items()}
    unit, name = given.get("rscunit", settings.rscunit), given.get("rscgrp", settings.rscgrp)
    # An unreadable value is reported before an unknown resource group.
    node = _node(given["node"]) if "node" in given else None
    limits = _parsed(given, "elapse", times.limits)
    memory = None if given.get("node-mem") == "unlimited" else _parsed(given, "node-mem", size)
    limits_of_processes = _process_limits(given)
    custom = tuple((key, value) for key, value in given.items() if key not in KNOWN_KEYS)
    if len(custom) > MOST_CUSTOM:
        raise Refusal("77")
    for key, value in custom:
        _check_custom(key, value, settings)
    if unit != settings.rscunit:
        raise Refusal("58", f"rscunit={unit}")
    group = settings.groups.get(name)
    if group is None or not group.enabled:
        raise Refusal("58" if group is None else "59", f"rscgrp={name}")
    nodes, shape, mode = node or (group.nodes_default, "", "")
    least, most = limits or (group.elapse_default, group.elapse_default)
    _bounds("node", nodes, group.nodes_min, group.nodes_max)
    adaptive = most != least
    _bounds("elapse", least, group.elapse_min, group.elapse_max)
    most = group.adaptive_max if most is None else most
    if adaptive:
        _bounds("elapse", most, least + 1, group.adaptive_max)
    return Wanted(
        unit,
        name,
        nodes,
        shape,
        mode or group.mode,
        most,
        least if adaptive else None,
        memory,
        tuple(given),
        limits_of_processes,
        custom,
    )


KNOWN_KEYS = {f"proc-{limit.name}" for limit in PROCESS_LIMITS}.union(
    ["node", "elapse", "rscunit", "rscgrp", "node-mem", "vnode", "vnode-core", "vnode-mem", "core-mem"]
)


def _bounds(name: str, value: int, least: int, most: int) -> None:
    if value < least:
        raise Refusal("54", f"{name}={value}", least)
    if value > most:
        raise Refusal("57", f"{name}={value}", most)


def _node(text: str) -> Tuple[int, str, str]:
    shape, *suffixes = text.split(":")
    if not SHAPE.fullmatch(shape):
        raise Refusal("04", f"-L node={text}")
    modes = [suffix for suffix in suffixes if suffix in ALLOCATION]
    known = (*ALLOCATION, "strict", "strict-io", "io-exclusive", "no-io-exclusive")
    if len(modes) > 1 or any(suffix not in known for suffix in suffixes):
        raise Refusal("04", f"-L node={text}")
    for suffix in ("strict", "strict-io"):
        if suffix in suffixes and modes and modes[0] != "torus":
            raise Refusal("02", f"'{suffix}' and '{modes[0]}'")
    numbers = [int(part) for part in shape.split("x")]
    return math.prod(numbers), shape if len(numbers) > 1 else "", modes[0] if modes else ""


def _parsed(given: Mapping[str, str], key: str, parse: Callable[[str], Optional[Value]]) -> Optional[Value]:
    value = parse(given[key]) if key in given else None
    if key in given and value is None:
        raise Refusal("04", f"-L {key}={given[key]}")
    return value


def _process_limits(given: Mapping[str, str]) -> Dict[str, str]:
    limits = {limit: given[f"proc-{limit.name}"] for limit in PROCESS_LIMITS if f"proc-{limit.name}" in given}
    for limit, text in limits.items():
        decimal = text.isdecimal() and text.isascii()
        known = times.limit(text) is not None if limit.name == "cpu" else decimal
        if limit.unit:
            known = size(text, limit.unit % 1000 == 0) is not None
        if text != "unlimited" and not known:
            raise Refusal("04", f"-L proc-{limit.name}={text}")
        if limit.upper != "unlimited" and (text == "unlimited" or int(text) > int(limit.upper)):
            raise Refusal("57", f"proc-{limit.name}={text}", limit.upper)
    return {limit.name: text for limit, text in limits.items()}


def _check_custom(key: str, value: str, settings: Settings) -> None:
    values = settings.custom.get(key)
    if values is None:
        raise Refusal("02", f"'-L' and '{key}={value}'")
    # Without a value, the default holds: Command Reference, page 90.
    if value and values and value not in values:
        raise Refusal("76", f"{key}={value}", ",".join(values))
    if value and key in NUMERIC:
        if not re.fullmatch(r"\d{1,10}", value, re.ASCII):
            raise Refusal("04", f"-L {key}={value}")
        _bounds(key, int(value), *NUMERIC[key])


def check_llio(pairs: Mapping[str, str]) -> None:
    """Check the sizes of `--llio`.

    Raises:
        Refusal: 0004, 0046, 0047 or 0049.
    """
    sizes: Dict[str, int] = {}
    for key, (least, most, multiple) in LLIO_SIZES.items():
        found = size(pairs[key]) if key in pairs else 0
        if found is None:
            raise Refusal("04", f"--llio {key}={pairs[key]}")
        if key in pairs and not least <= found <= most:
            raise Refusal("46", f"{_binary(least)}-{_binary(most)}", f"--llio {key}={pairs[key]}")
        if found % multiple:
            raise Refusal("47", _binary(multiple), f"--llio {key}={pairs[key]}")
        sizes[key] = found
    asked = [f"{key}={pairs[key]}" for key in ("sharedtmp-size", "localtmp-size") if key in pairs]
    if sizes["sharedtmp-size"] + sizes["localtmp-size"] > TEMPORARY:
        raise Refusal("49", TEMPORARY, f"--llio {','.join(asked)}")


def _binary(amount: int) -> str:
    return f"{amount // 1024**2}Mi" if amount % 1024**2 == 0 else f"{amount // 1024}Ki"


def warnings(wanted: Wanted) -> List[str]:
    """What Fugaku's wrapper prints about a job that it accepts."""
    too_large = ("retention_state", "1") in wanted.custom and wanted.nodes > RETENTION_NODES
    return [TOO_LARGE] if too_large else []


def check_mpi(pairs: Mapping[str, str], wanted: Wanted) -> None:
    """Check `--mpi` against the nodes.

    Raises:
        Refusal: 0002, 0004, 0054 or 0057.
    """
    if "rank-map-bynode" in pairs and "rank-map-bychip" in pairs:
        raise Refusal("02", "'rank-map-bynode' and 'rank-map-bychip'")
    if "max-proc-per-node" in pairs and any(key.startswith("vnode") for key in wanted.given):
        raise Refusal("02", "'vnode' and 'max-proc-per-node'")
    for key in ("proc", "max-proc-per-node"):
        if key in pairs and not re.fullmatch(r"[1-9]\d{0,8}", pairs[key]):
            raise Refusal("04", f"--mpi {key}={pairs[key]}")
    sides = (wanted.shape or str(wanted.nodes)).split("x")
    shape = pairs.get("shape")
    if shape is not None and not (SHAPE.fullmatch(shape) and shape.count("x") == len(sides) - 1):
        raise Refusal("04", f"--mpi shape={shape}")
    if "proc" in pairs:
        _bounds("proc", int(pairs["proc"]), 1, CORES * wanted.nodes)
        if "max-proc-per-node" in pairs:
            nodes = math.prod(int(side) for side in (shape.split("x") if shape else sides))
            least = math.ceil(int(pairs["proc"]) / nodes)
            _bounds("max-proc-per-node", int(pairs["max-proc-per-node"]), least, CORES)


def job_name(merged: Merged, script: Optional[str]) -> str:
    """The name of a job.

    Raises:
        Refusal: PJM does not accept the name.
    """
    name = merged.single.get("name")
    if name is None:
        return script.rsplit("/", 1)[-1][:LONGEST_NAME] if script else "STDIN"
    wrong = not name[:1].isalpha() or "/" in name or any(unicodedata.category(letter) == "Cc" for letter in name)
    if wrong or len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        raise Refusal("04", f"-N {name}")
    return name


def bulk_range(merged: Merged) -> Tuple[int, int]:
    """First and last number of a bulk job's sub jobs.

    Raises:
        Refusal: the range is missing, or the last number is not greater than the first.
    """
    words = list(merged.keyed.get("sparam", {}))
    if not words:
        raise Refusal("01", "--sparam")
    match = re.fullmatch(r"(\d{1,6})-(\d{1,6})", words[-1])
    if match is None or int(match.group(2)) <= int(match.group(1)):
        raise Refusal("04", f"--sparam {words[-1]}")
    return int(match.group(1)), int(match.group(2))
