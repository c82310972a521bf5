"""Turns what a test measured into plain numbers, texts and digests; refuses what is none. Pure."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any, Callable, Dict, ItemsView, List, Mapping, Tuple, Union

from mnist_repro.errors import BadInput
from mnist_repro.gate.claims import VALUE

# An exact value: a number, or a text, such as a hash.
Exact = Union[int, str]
# The values of one run: metrics by name.
Row = Mapping[str, float]
Train = Callable[[int], Any]


def number(value: Any, what: str) -> float:
    """A plain float from a number, a NumPy scalar or a 0-d tensor. NaN and infinity are kept.

    Raises:
        BadInput: it is no number.
    """
    if not isinstance(value, (int, float, str)) and _is_scalar(value):
        value = value.item() if hasattr(value, "item") else value.__array__().item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInput(
            f"{what} is {_shown(value)}",
            "a metric is a number: a float, an int, a NumPy scalar or a 0-d tensor",
            "give a number; True or False belongs in gate.cases or exact=, an array in exact=",
        )
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def row(result: Any, what: str) -> Dict[str, float]:
    """The metrics of one run: a mapping of names to numbers, or one number.

    Raises:
        BadInput: it is neither, or empty.
    """
    if not isinstance(result, Mapping):
        return {VALUE: number(result, what)}
    if not result or not all(map(_is_name, result)):
        raise BadInput(
            f"{what} gave {_shown(result)}",
            "metrics have names, and there is at least one",
            'return {"accuracy": 0.98}, or one number',
        )
    return {name: number(value, f"{name} of {what}") for name, value in result.items()}


def rows(samples: Mapping[Any, Any]) -> Dict[int, Dict[str, float]]:
    """Samples by seed.

    Raises:
        BadInput: a seed is no whole number from 0, or a run has other metrics than the first.
    """
    made: Dict[int, Dict[str, float]] = {}
    for seed, result in samples.items():
        plain = seed.item() if hasattr(seed, "item") else seed
        if type(plain) is not int or plain < 0:
            raise BadInput(
                f"samples of seed {_shown(seed)}",
                "samples are numbered by their seeds: 0, 1, 2, …",
                "gate.check(name, {0: {...}, 1: {...}})",
            )
        made[plain] = row(result, f"seed {plain}")
        require_alike(made, plain)
    if not made:
        raise BadInput("no samples", "there is nothing to compare", "gate.check(name, {0: {...}, 1: {...}})")
    return made


def require_alike(made: Mapping[int, Row], seed: int) -> None:
    """Make sure that a seed has the metrics of the first one.

    Raises:
        BadInput: it has others.
    """
    first = next(iter(made))
    odd = sorted(set(made[first]) ^ set(made[seed]))
    if odd:
        raise BadInput(
            f"seed {seed} gave {', '.join(made[seed])}, seed {first} gave {', '.join(made[first])}",
            f"every seed has the same metrics; {odd[0]} is not in both",
            "return the same metrics for every seed",
        )


def exact_values(values: Mapping[str, Any]) -> Dict[str, Exact]:
    """The exact values of a fingerprint; bytes and arrays become digests.

    Raises:
        BadInput: a value is of another kind.
    """
    return {_name(name): _exact(name, value) for name, value in _named("exact", values)}


def close_values(values: Mapping[str, Any]) -> Tuple[Dict[str, float], Dict[str, float]]:
    """The close values of a fingerprint, and the relative tolerances of those that have one of their own.

    Raises:
        BadInput: a value is not a finite number, or a tolerance not between 0 and 1.
    """
    close, tolerances = {}, {}
    for name, value in _named("close", values):
        if isinstance(value, tuple) and len(value) == 2:
            tolerances[_name(name)] = tolerance(value[1], name, f"close={{{name!r}: (…, 1e-9)}}")
            value = value[0]
        close[_name(name)] = number(value, name)
    return close, tolerances


def tolerance(value: Any, name: str, example: str = "rtol=1e-9") -> float:
    """A relative tolerance; ``example`` is one as the test may state it.

    Raises:
        BadInput: it is not between 0 and 1.
    """
    made = number(value, f"the tolerance of {name}")
    if not 0.0 < made < 1.0:
        raise BadInput(
            f"the tolerance of {name} is {made}",
            "it is relative: larger than 0, smaller than 1",
            f'{example}; a number that may not differ at all: exact={{"name": float(…).hex()}}',
        )
    return made


def digest(data: Any, what: str = "data") -> str:
    """The SHA-256 of data: of a file's content, of bytes or text, of an array with its shape and type.

    Raises:
        BadInput: it is none of these, or cannot be read; the message names the argument ``what``.
    """
    if isinstance(data, Path):
        try:
            return hashlib.sha256(data.read_bytes()).hexdigest()
        except OSError as error:
            raise BadInput(
                f"{what}={data}: {error.strerror}", "the file is hashed", "name a file that can be read"
            ) from error
    if isinstance(data, str):
        return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()
    if isinstance(data, (bytes, bytearray, memoryview)):
        return hashlib.sha256(data).hexdigest()
    if hasattr(data, "__array__"):
        import numpy as np

        array = np.ascontiguousarray(data)
        if array.dtype != object:
            head = f"{array.dtype.str} {array.shape}".encode()
            return hashlib.sha256(head + array.tobytes()).hexdigest()
    raise BadInput(
        f"{type(data).__name__} cannot be hashed",
        "a file (a Path), bytes, text or an array of numbers can",
        "give one of these",
    )


def conditions_of(conditions: Any) -> Dict[str, str]:
    """Conditions as texts.

    Raises:
        BadInput: they are no mapping of names to texts or numbers.
    """
    if conditions is None:
        return {}
    sound = isinstance(conditions, Mapping) and all(
        _is_name(name) and isinstance(value, (str, int, float, bool)) and str(value).isprintable()
        for name, value in conditions.items()
    )
    if not sound:
        raise BadInput(
            f"conditions={_shown(conditions)}",
            "conditions are names with short texts or numbers",
            'conditions={"model": "small"}',
        )
    return {name: str(value) for name, value in conditions.items()}


def platform_of(platform: Any) -> str:
    """What else decides about the last bits: a text of one line.

    Raises:
        BadInput: it is none.
    """
    if not isinstance(platform, str) or not platform.isprintable():
        raise BadInput(
            f"platform={_shown(platform)}", "it becomes a part of the baseline's key", 'platform="A100", a short text'
        )
    return platform


def case_values(results: Mapping[Any, Any]) -> Dict[str, Dict[str, List[float]]]:
    """The values of every case by metric: one, or one for each repeat; pass and fail are 1 and 0.

    Raises:
        BadInput: a case has no name or no value, or other metrics than the first.
    """
    made: Dict[str, Dict[str, List[float]]] = {}
    for case, result in _named("results", results):
        name = str(case)
        if isinstance(case, bool) or not isinstance(case, (str, int)) or not _is_name(name) or name in made:
            raise BadInput(
                f"a case is called {_shown(case)}" + (", as another one is" if name in made else ""),
                "a case is found again by its name",
                'gate.cases(name, {"a": True}), with a printable text or a number for each case',
            )
        by_metric = result if isinstance(result, Mapping) else {VALUE: result}
        made[name] = {_name(metric): _repeats(value, f"{metric} of {name}") for metric, value in by_metric.items()}
        first = next(iter(made))
        if not made[name]:
            raise BadInput(f"case {name} has no metric", "each case has one value or more", "leave no case empty")
        if set(made[name]) != set(made[first]):
            raise BadInput(
                f"case {name} has {', '.join(made[name])}, case {first} has {', '.join(made[first])}",
                "every case has the same metrics",
                "give each case all metrics",
            )
    return made


def _repeats(value: Any, what: str) -> List[float]:
    plain = _listed(value)
    values = [_listed(each) for each in plain] if isinstance(plain, (list, tuple)) else [plain]
    if not values:
        raise BadInput(f"{what} has no value", "a case has one value, or one for each repeat", "leave no case empty")
    return [float(each) if isinstance(each, bool) else number(each, what) for each in values]


def _listed(value: Any) -> Any:
    """An array as a list, and what an array holds as Python's own: NumPy's yes and no are none of Python's."""
    return value.tolist() if hasattr(value, "shape") and hasattr(value, "tolist") else value


def _exact(name: str, value: Any) -> Exact:
    if isinstance(value, (bool, int)):
        return int(value)
    # Other characters than printable ones do not survive in a file of text.
    if isinstance(value, str) and value.replace("\n", "").isprintable():
        return value
    if isinstance(value, float):
        raise BadInput(
            f"exact {name} is {value!r}",
            "the last bits of a float depend on the machine",
            f"close={{{name!r}: …}}, or exact={{{name!r}: float(…).hex()}}",
        )
    if _is_scalar(value):
        return _exact(name, value.item() if hasattr(value, "item") else value.__array__().item())
    if not isinstance(value, (bytes, bytearray, memoryview, str, Path)) and not hasattr(value, "__array__"):
        example = "numpy.array(…)" if isinstance(value, (list, tuple)) else "str(…)"
        raise BadInput(
            f"exact {name} is of type {type(value).__name__}",
            "an exact value is a whole number or a text; bytes and arrays of numbers are hashed",
            f"exact={{{name!r}: {example}}}, or each number by a name of its own",
        )
    return f"sha256:{digest(value, name)}"


def _is_scalar(value: Any) -> bool:
    """Whether a value is a NumPy scalar, or an array or tensor without dimensions."""
    shape = getattr(value, "shape", None)
    return shape is not None and hasattr(value, "__array__") and tuple(shape) == ()


def _name(name: Any) -> str:
    if not _is_name(name):
        raise BadInput(
            f"a value is called {_shown(name)}", "a value is found again by its name", "name it with a printable text"
        )
    return str(name)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name != "" and name.isprintable()


def _named(argument: str, values: Any) -> ItemsView[Any, Any]:
    """The items of an argument that maps names to values.

    Raises:
        BadInput: it is no mapping.
    """
    if not isinstance(values, Mapping):
        raise BadInput(
            f"{argument}={_shown(values)}", "each value is found again by its name", f'{argument}={{"name": value}}'
        )
    return values.items()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
