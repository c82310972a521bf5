"""The cases: messages whose department is known, each with a name of its own."""

from __future__ import annotations

from typing import Dict, NamedTuple


class Case(NamedTuple):
    """A message, and the department that it belongs to."""

    message: str
    department: str


_SUBJECTS = {
    "invoice": ("Invoice {} is wrong", "billing"),
    "charged": ("Charged twice for order {}", "billing"),
    "refund": ("Refund of my card for {}?", "billing"),
    "price": ("Price of {} has changed", "billing"),
    "parcel": ("Parcel {} never arrived", "shipping"),
    "delivery": ("Delivery of {} is late", "shipping"),
    "tracking": ("Tracking of {} shows nothing", "shipping"),
    "address": ("Address of {} must be changed", "shipping"),
    "password": ("Password for {} does not work", "account"),
    "login": ("Login with {} fails", "account"),
    "locked": ("Locked out of {}", "account"),
    "email": ("Email of {} is an old one", "account"),
    "crashes": ("Crashes when I open {}", "technical"),
    "error": ("Error in {} since Monday", "technical"),
    "slow": ("Slow screen in {}", "technical"),
    "update": ("Update of {} does not end", "technical"),
}
_THINGS = ("A-17", "B-204", "C-9", "the shop", "my phone", "the app", "the new box", "number 5")

CASES: Dict[str, Case] = {
    f"{name}-{number}": Case(text.format(thing), department)
    for name, (text, department) in _SUBJECTS.items()
    for number, thing in enumerate(_THINGS)
}
