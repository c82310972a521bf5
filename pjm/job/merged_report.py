"""Merges what the ranks of a test report into the one report of the test."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

Report = Dict[str, Any]  # a report as pytest serializes it
_STRICT = "[XPASS(strict)]"  # how pytest begins the text of a test that should have failed and has not


def merged(reports: Mapping[int, Report], size: int, note: str = "") -> Report:
    """One report of a phase. It failed if any rank failed, and was skipped if all were.

    ``note`` is what else is to be said of a failure.

    Returns:
        A new report: the text is that of the rank that failed first, the duration that of the slowest, and the output
        is that of all, with their numbers.
    """
    shown = _shown(reports)
    data = dict(reports[shown])
    data["sections"] = list(_sections(reports, size))
    data["user_properties"] = _properties(reports)
    data["duration"] = max(report["duration"] for report in reports.values())
    data["start"] = min(report["start"] for report in reports.values())
    data["stop"] = max(report["stop"] for report in reports.values())
    if data["outcome"] == "failed":
        alike = [rank for rank in reports if failed(reports[rank]) and _crash(reports[rank]) == _crash(data)]
        who = f"all {size} ranks" if len(alike) == size else f"{ranks([shown])} of {size}"
        data["longrepr"] = _with_prefix(data["longrepr"], f"{who}: ")
        said = [*_others(reports, shown, alike), *([note] if note else [])]
        if said:
            data["sections"].insert(0, ("ranks", "\n".join(said)))
    elif data["outcome"] == "passed" or "wasxfail" in data:
        skipped = [rank for rank in reports if reports[rank]["outcome"] == "skipped" and rank != shown]
        said = [f"{ranks([rank])} skipped: {_crash(reports[rank])}" for rank in skipped]
        if said:
            data["sections"].insert(0, ("ranks", "\n".join(said)))
    return data


def failed(report: Report) -> bool:
    """Whether a rank has failed in this phase, in whatever way."""
    return bool(report["outcome"] == "failed")


def ranks(numbers: Sequence[int]) -> str:
    """Ranks in words: "rank 1", "ranks 0, 2"."""
    return f"rank{'s' if len(numbers) != 1 else ''} {', '.join(map(str, numbers))}"


def _shown(reports: Mapping[int, Report]) -> int:
    """The rank whose report stands for the test."""
    as_expected = [rank for rank, report in reports.items() if report["outcome"] == "skipped" and "wasxfail" in report]
    bad = [rank for rank in reports if failed(reports[rank]) and not (as_expected and _is_strict(reports[rank]))]
    if bad:
        first = min(bad, key=lambda rank: (reports[rank]["stop"], rank))
        return min(rank for rank in bad if _crash(reports[rank]) == _crash(reports[first]))
    if as_expected:
        return as_expected[0]
    return min(reports, key=lambda rank: (reports[rank]["outcome"] == "skipped", rank))


def _is_strict(report: Report) -> bool:
    return str(report["longrepr"]).startswith(_STRICT)


def _crash(report: Report) -> str:
    """Where and how a report failed, or why it was skipped, in a line."""
    longrepr = report["longrepr"]
    if isinstance(longrepr, dict) and longrepr.get("reprcrash"):
        crash = longrepr["reprcrash"]
        first = str(crash["message"]).partition("\n")[0]  # the rest may hold what differs, such as an address
        return f"{crash['path']}:{crash['lineno']}: {first}"
    if isinstance(longrepr, (tuple, list)):
        return str(longrepr[-1]).partition("Skipped: ")[2] or str(longrepr[-1])
    return str(longrepr)


def _others(reports: Mapping[int, Report], shown: int, alike: Sequence[int]) -> Iterator[str]:
    """What the ranks other than the one that is shown did."""
    same = [rank for rank in alike if rank != shown]
    if same and len(alike) < len(reports):
        yield f"{ranks(same)} failed in the same way"
    for rank, report in sorted(reports.items()):
        if failed(report) and rank not in alike:
            yield f"rank {rank} failed otherwise: {_crash(report)}"
    for outcome in ("passed", "skipped"):
        numbers = sorted(rank for rank in reports if reports[rank]["outcome"] == outcome)
        if numbers:
            yield f"{ranks(numbers)} {outcome}"


def _with_prefix(longrepr: Any, prefix: str) -> Any:
    """The failure with the ranks in its message, and so in pytest's short summary."""
    if isinstance(longrepr, str):
        return prefix + longrepr
    if not isinstance(longrepr, dict):
        return longrepr

    def renamed(crash: Any) -> Any:
        return {**crash, "message": prefix + str(crash["message"])} if crash else crash

    chain = longrepr.get("chain")
    if chain:
        *before, (trace, crash, text) = chain
        longrepr = {**longrepr, "chain": [*before, (trace, renamed(crash), text)]}
    return {**longrepr, "reprcrash": renamed(longrepr.get("reprcrash"))}


def _sections(reports: Mapping[int, Report], size: int) -> Iterator[Tuple[str, str]]:
    """The sections of all ranks, each text once."""
    owners: Dict[Tuple[str, str], List[int]] = {}
    for rank, report in sorted(reports.items()):
        for title, text in report["sections"]:
            owners.setdefault((title, text), []).append(rank)
    for (title, text), numbers in owners.items():
        yield (title if len(numbers) == size > 1 else f"{title} ({ranks(numbers)})"), text


def _properties(reports: Mapping[int, Report]) -> List[Any]:
    """What `record_property` noted in any rank, each pair of name and value once."""
    found: List[Any] = []
    for _, report in sorted(reports.items()):
        found += [pair for pair in report["user_properties"] if pair not in found]
    return found


def each_once(values: Iterable[Report], names: Sequence[str]) -> Iterator[Report]:
    """The events, without those that say the same of these names as one before."""
    seen = set()
    for value in values:
        key = repr([value.get(name) for name in names])
        if key not in seen:
            seen.add(key)
            yield value
