"""Encodes Python values that JSON cannot express, such as tuples, sets and bytes, and decodes them again."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Callable, Dict

KIND = "$"


class Shown:
    """Replaces a value that cannot be encoded: holds its `str` and `repr` from the job."""

    def __init__(self, text: str, representation: str) -> None:
        self._text = text
        self._representation = representation

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._representation


def encode(value: object) -> Any:
    """Encode a value for JSON. Tuples, sets, bytes and dictionaries with other keys than text keep their type."""
    if value is None or type(value) in (str, bool, int, float):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        if all(type(key) is str for key in value) and KIND not in value:
            return {key: encode(item) for key, item in value.items()}
        return {KIND: "dict", "items": [[encode(key), encode(item)] for key, item in value.items()]}
    if type(value) is tuple:
        return {KIND: "tuple", "items": [encode(item) for item in value]}
    return _encode_odd(value)


def _encode_odd(value: object) -> Any:
    if isinstance(value, (set, frozenset)):
        kind = "set" if isinstance(value, set) else "frozenset"
        return {KIND: kind, "items": [encode(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        return {KIND: "bytes", "hex": bytes(value).hex()}
    if isinstance(value, PurePath):
        return str(value)
    try:
        return {KIND: "shown", "text": str(value), "repr": repr(value)}
    except Exception as error:
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
        return {KIND: "shown", "text": text, "repr": text}


def decode(fields: Dict[str, Any]) -> Any:
    """Decode one JSON object: an `object_hook` for `json.loads`, which calls it for inner objects first."""
    kind = fields.get(KIND)
    if kind is None:
        return fields
    maker = _MAKERS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise ValueError(f"{kind!r} is no kind of value that this version of pjm knows")
    return maker(fields)


def _pairs(fields: Dict[str, Any]) -> Dict[Any, Any]:
    return dict(fields["items"])


_MAKERS: Dict[str, Callable[[Dict[str, Any]], Any]] = {
    "tuple": lambda fields: tuple(fields["items"]),
    "set": lambda fields: set(fields["items"]),
    "frozenset": lambda fields: frozenset(fields["items"]),
    "bytes": lambda fields: bytes.fromhex(fields["hex"]),
    "dict": _pairs,
    "shown": lambda fields: Shown(fields["text"], fields["repr"]),
}
