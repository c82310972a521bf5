"""What pjacl says a resource group allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Mapping, Optional

from pjm.request import LONGEST_ELAPSE, Limit

_LINE = re.compile(r"\s+\(([^()]*)\)\s+(\S+)\s+(\S+)\s+(\S+)\s*")


@dataclass(frozen=True)
class Bounds:
    """What one option of pjsub may be, as it stands."""

    lower: str
    upper: str
    default: str


def bounds(text: str) -> Mapping[str, Bounds]:
    """Lines such as `(node=)  1  384  1` by what stands in the brackets."""
    found: Dict[str, Bounds] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[2] != "lower":
            found.setdefault(match[1], Bounds(match[2], match[3], match[4]))
    return found


def limit(text: str) -> Optional[Limit]:
    """Nodes and elapse that the listing of one resource group allows; None if it says nothing of them."""
    said = bounds(text)
    nodes, elapse = said.get("node="), said.get("elapse=")
    if nodes is None or elapse is None or not nodes.lower.isdigit():
        return None
    most = int(nodes.upper) if nodes.upper.isdigit() else 10**9
    clock = re.fullmatch(r"(\d{1,9}):(\d\d):(\d\d)", elapse.upper, re.ASCII)
    longest = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3]) if clock else LONGEST_ELAPSE
    return Limit(int(nodes.lower), most, longest)
