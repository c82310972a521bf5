"""The value of the fixture `gate`: compares what a test measured with its baseline, or records it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from mnist_repro.display import counted
from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import require_writable
from mnist_repro.gate import cases as paired_cases
from mnist_repro.gate import measured_values, recording
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.commands import owner
from mnist_repro.gate.baselines.judge import (
    MeasuredSamples,
    compared,
    judge_cases,
    judge_fingerprint,
    judge_samples,
)
from mnist_repro.gate.baselines.values import (
    STATED,
    BaselineEntry,
    BaselineFile,
    CasesEntry,
    FingerprintEntry,
    Owner,
    SampleEntry,
    require_name,
    values_of,
)
from mnist_repro.gate.claims import Claim, claims_of
from mnist_repro.gate.comparison import (
    CASES,
    FINGERPRINT,
    MEASUREMENT,
    NOTHING,
    SAMPLES,
    Comparison,
    incomparable,
)
from mnist_repro.gate.margins import require_finite, require_finite_cases
from mnist_repro.gate.measured_values import Row, Train
from mnist_repro.gate.session.reports import RECORDED, conclude, properties
from mnist_repro.gate.verdicts import Verdict

Metrics = Union[Claim, Mapping[str, Claim], None]


@dataclass
class Session:
    """What the gates of a session share.

    Args:
        root: top folder of the project.
        baselines: folder of the baselines.
        seeds: numbers of seeds to look at, in order.
        record: number of seeds to record; 0 to compare.
        names: the test that uses a name.
        runs: runs that this session made, by name and seed: a test that runs again gets no new chance.
        start: folder in which pytest was started; None: ``root``.
    """

    root: Path
    baselines: Path
    seeds: Sequence[int]
    record: int = 0
    names: Dict[str, str] = field(default_factory=dict)
    runs: Dict[str, Dict[int, Row]] = field(default_factory=dict)
    start: Optional[Path] = None

    def typed(self, test: str) -> str:
        """A test's node id, which begins in the project's top folder, as it is typed where pytest was started."""
        if self.start is None or self.start == self.root:
            return test
        file, colons, name = test.partition("::")
        place = str(self.root / file)
        with contextlib.suppress(ValueError):  # on Windows, it may be on another drive
            place = os.path.relpath(place, str(self.start))
        return place + colons + name


class Gate:
    """Compares measurements of one test with stored baselines; a difference that matters fails the test.

    So does a mistake in the arguments: the verdict is then *incomparable*, with what to type. With ``--gate-record``
    every method makes a proposal for a baseline and compares nothing.
    """

    def __init__(self, session: Session, test: str, note: Callable[[str, str], None]) -> None:
        """Make the gate of one test; the fixture does.

        Args:
            session: what all gates of the session share.
            test: node id of the test.
            note: called with name and value of each property of the test's report.
        """
        self._session, self._test, self._note = session, test, note
        self._used: Set[str] = set()
        # The last exception of the test's own function, and what is said about it.
        self._raised: Tuple[Optional[Exception], str] = (None, "")

    def check(
        self,
        name: str,
        run_or_samples: Union[Train, Mapping[int, Any]],
        *,
        metrics: Metrics = None,
        conditions: Optional[Mapping[str, Any]] = None,
        data: Any = None,
    ) -> None:
        """Compare runs over seeds with the stored ones.

        Args:
            name: name of the baseline, unique in the session.
            run_or_samples: ``train(seed)``, which returns a number or a mapping of names to numbers; or such results
                by seed, from runs that were made elsewhere.
            metrics: `higher`, `lower` or `same` for each metric, or one for all; the default is `same`.
            conditions: what else the numbers depend on, such as the model; part of the baseline's key.
            data: what they were measured on: a file, bytes, text or an array; other data are incomparable.
        """
        __tracebackhide__ = True

        def compare(stored: BaselineFile) -> Optional[Comparison]:
            __tracebackhide__ = True
            if not isinstance(run_or_samples, Mapping) and not callable(run_or_samples):
                raise BadInput(
                    f"gate.check({name!r}, {type(run_or_samples).__name__})",
                    "it takes a function of the seed, or results by seed",
                    f"gate.check({name!r}, train), where train(seed) returns numbers",
                )
            key = measured_values.conditions_of(conditions)
            origin = self._origin(data)
            if self._session.record:
                self._record_samples(stored, run_or_samples, metrics, key, origin)
                return None
            return self._compare_samples(stored, run_or_samples, metrics, key, origin)

        self._judge(name, SAMPLES, compare)

    def fingerprint(
        self,
        name: str,
        *,
        exact: Optional[Mapping[str, Any]] = None,
        close: Optional[Mapping[str, Any]] = None,
        rtol: float = 1e-9,
        conditions: Optional[Mapping[str, Any]] = None,
        platform: str = "",
    ) -> None:
        """Compare the values of one run with the stored ones of the same platform.

        If none is stored for this platform, the test is skipped: nothing is judged.

        Args:
            name: name of the baseline, unique in the session.
            exact: values that must be the same: whole numbers, texts; bytes and arrays are hashed.
            close: numbers that may differ by rounding; (number, tolerance) for one with a tolerance of its own.
            rtol: relative tolerance on the close values.
            conditions: what else the values depend on; part of the baseline's key.
            platform: what else decides the last bits, in addition to machine and NumPy, such as the GPU's model.
        """
        __tracebackhide__ = True

        def compare(stored: BaselineFile) -> Optional[Comparison]:
            __tracebackhide__ = True
            values, tolerances = measured_values.close_values(close or {})
            key = measured_values.conditions_of(conditions)
            counts = measured_values.exact_values(exact or {})
            origin = recording.provenance(self._session.root, measured_values.platform_of(platform))
            allowed = measured_values.tolerance(rtol, name)
            made = FingerprintEntry(key, origin["platform"], counts, values, allowed, STATED, origin, (), tolerances)
            if not made.exact and not made.close:
                raise BadInput(f"{name}: no value", "there is nothing to compare", "exact={...} or close={...}")
            if self._session.record:
                require_finite(name, made.close)
                self._propose(stored, made, [f"{len(made.exact)} exact and {len(made.close)} close values"])
                return None
            entry = stored.same_key(made)
            if isinstance(entry, FingerprintEntry):
                _require_same_tolerances(stored, entry, made)
            return compared(stored, judge_fingerprint(stored, made), made)

        self._judge(name, FINGERPRINT, compare)

    def cases(
        self,
        name: str,
        results: Mapping[Any, Any],
        *,
        metrics: Metrics = None,
        conditions: Optional[Mapping[str, Any]] = None,
        data: Any = None,
    ) -> None:
        """Compare the results of named cases with the stored results of the same cases.

        Args:
            name: name of the baseline, unique in the session.
            results: by case (prompt, image, problem): yes or no, a number, a list of repeats, or metrics with these.
            metrics: `higher`, `lower` or `same`, for all or for each metric.
            conditions: what else the results depend on, such as the model; part of the baseline's key.
            data: what they were measured on: a file, bytes, text or an array; other data are incomparable.
        """
        __tracebackhide__ = True

        def compare(stored: BaselineFile) -> Optional[Comparison]:
            __tracebackhide__ = True
            made = measured_values.case_values(results)
            if not made:
                raise BadInput(f"{name}: no cases", "there is nothing to compare", 'gate.cases(name, {"a": True, …})')
            claims = claims_of(metrics, list(next(iter(made.values()))))
            origin = self._origin(data)
            key = measured_values.conditions_of(conditions)
            if self._session.record:
                self._record_cases(stored, made, claims, key, origin)
                return None
            entry = stored.entry(key)
            if isinstance(entry, CasesEntry):
                _require_same_claims(stored, claims, entry)
            measured = CasesEntry(key, (), made, origin, ())
            return compared(stored, judge_cases(stored, measured), measured)

        self._judge(name, CASES, compare)

    def _judge(self, name: str, kind: str, compare: Callable[[BaselineFile], Optional[Comparison]]) -> None:
        """Fail the test unless a comparison passes. Bad input gives one that does not pass; a recording gives none.

        An exception of the test's own function goes on as it is. The plugin skips a test that recorded when it ends, so
        that all its gates record.
        """
        __tracebackhide__ = True
        try:
            if self._session.record:
                require_writable(self._session.baselines, "-o gate_baselines=DIR")
            comparison = compare(self._stored(name, kind))
        except Exception as error:
            theirs = error is self._raised[0]
            if not theirs and not isinstance(error, BadInput):
                raise
            try:
                known = require_name(name)
            except BadInput:
                known = NOTHING
            comparison = incomparable(known, kind, MEASUREMENT, self._raised[1] if theirs else str(error))
            if theirs:
                for property_name, value in properties(comparison):
                    self._note(property_name, value)
                raise
        if comparison is not None:
            conclude(comparison, self._note)

    def _compare_samples(
        self,
        stored: BaselineFile,
        run_or_samples: Union[Train, Mapping[int, Any]],
        metrics: Metrics,
        key: Mapping[str, str],
        origin: Mapping[str, Any],
    ) -> Comparison:
        __tracebackhide__ = True
        counts: Sequence[int] = self._session.seeds if callable(run_or_samples) else (0,)
        entry = stored.samples(key)
        for count in counts:
            runs = self._runs(stored.name, run_or_samples, count)
            if entry is not None:
                _require_same_claims(stored, claims_of(metrics, list(next(iter(runs.values())))), entry)
            digest = origin.get("dataset_sha256")
            data = dict.fromkeys(runs, str(digest)) if digest else {}
            measured = MeasuredSamples(key, runs, origin, data)
            comparison = compared(stored, judge_samples(stored, measured, len(counts)), measured)
            if comparison.verdict is not Verdict.INCONCLUSIVE:
                break
        return comparison

    def _runs(self, name: str, run_or_samples: Union[Train, Mapping[int, Any]], count: int) -> Mapping[int, Row]:
        __tracebackhide__ = True
        if isinstance(run_or_samples, Mapping):
            return measured_values.rows(run_or_samples)
        made = self._session.runs.setdefault(name, {})
        for seed in range(count):
            if seed not in made:
                made[seed] = measured_values.row(self._trained(run_or_samples, seed, count), f"seed {seed}")
            measured_values.require_alike(made, seed)
        return {seed: made[seed] for seed in range(count)}

    def _trained(self, train: Train, seed: int, count: int) -> Any:
        __tracebackhide__ = True
        try:
            return train(seed)
        except Exception as error:
            self._raised = (error, f"seed {seed} of {count} raised {type(error).__name__}: {error}")
            raise

    def _record_samples(
        self,
        stored: BaselineFile,
        run_or_samples: Union[Train, Mapping[int, Any]],
        metrics: Metrics,
        key: Mapping[str, str],
        origin: Dict[str, Any],
    ) -> None:
        __tracebackhide__ = True
        before = stored.samples(key)
        depends = [stored.name, dict(key), origin.get("dataset_sha256"), origin["platform"]]
        kept = recording.Kept.of(self._session.baselines, stored.name, self._session.root, depends)
        if isinstance(run_or_samples, Mapping):
            runs: Mapping[int, Row] = measured_values.rows(run_or_samples)
        else:
            seeds = max(self._session.record, 1 + max(before.samples) if before else 0)
            train = partial(self._trained, run_or_samples, count=seeds)
            runs, origin["repeatable"] = recording.make_runs(train, seeds, kept)
        claims = claims_of(metrics, list(next(iter(runs.values()))))
        entry = recording.sample_entry(key, claims, runs, origin, before)
        lines = recording.outlook(stored.name, entry)
        if origin.get("repeatable") is False:
            lines.append("the same seed gave two results: there is noise that the seed does not decide")
        self._propose(stored, entry, lines, kept)

    def _record_cases(
        self,
        stored: BaselineFile,
        made: Mapping[str, Mapping[str, Sequence[float]]],
        claims: Mapping[str, Claim],
        key: Mapping[str, str],
        origin: Mapping[str, Any],
    ) -> None:
        recorded = []
        for metric, claim in claims.items():
            values = {case: each[metric] for case, each in made.items()}
            require_finite_cases(metric, values)
            few = paired_cases.too_few(values)
            if few:
                raise BadInput(f"{stored.name}: {few}", "the gate could never pass", "add cases")
            if claim.margin is None and claim.relative is None:
                raise BadInput(
                    f"{stored.name}: no margin for {metric}",
                    "one recording of cases does not say how much they vary",
                    f"metrics={_stated(claim, metric, len(claims))}: the smallest difference that matters",
                )
            means = [sum(repeats) / len(repeats) for repeats in values.values()]
            recorded.append(claim.stated(metric, means))
        entry = CasesEntry(key, tuple(recorded), made, origin, ())
        lines = [f"{metric.name}: margin {metric.margin:.3g}, {counted(len(made), 'case')}" for metric in recorded]
        self._propose(stored, entry, lines)

    def _propose(
        self, stored: BaselineFile, entry: BaselineEntry, lines: List[str], kept: Optional[recording.Kept] = None
    ) -> None:
        __tracebackhide__ = True
        with baseline_files.lock(self._session.baselines, stored.name):
            file = baseline_files.propose(self._session.baselines, stored, entry)
        if kept is not None:
            kept.forget()
        steps = (f"to see it: {stored.owner.diff}", f"to store it: {stored.owner.accept} '…'")
        said = [f"{stored.name}: proposed in {file}", *(f"  {line}" for line in (*lines, *steps))]
        self._note(RECORDED, json.dumps([stored.name, *said]))

    def _stored(self, name: str, kind: str) -> BaselineFile:
        """The baseline of a name that no other test of the session uses."""
        require_name(name)
        user = self._session.names.setdefault(name, self._test)
        if user != self._test or name in self._used:
            raise BadInput(
                f"{name} is the name of two gates: of {user} and of {self._test}",
                "a name belongs to one baseline, and each is judged once in a session",
                f'another name, such as "{name}-2"'
                if user == self._test
                else f'another name, such as f"{name}-{{parameter}}"',
            )
        self._used.add(name)
        return baseline_files.read(self._session.baselines, name, kind, self._owner(name))

    def _owner(self, name: str) -> Owner:
        test = shlex.quote(self._session.typed(self._test))
        rerun = f"pytest --gate-seeds {{seeds}} {test.replace('{', '{{').replace('}', '}}')}"
        return owner(self._session.baselines, name, f"pytest --gate-record {test}", rerun)

    def _origin(self, data: Any) -> Dict[str, Any]:
        origin = recording.provenance(self._session.root)
        return origin if data is None else {**origin, "dataset_sha256": measured_values.digest(data)}


def _require_same_claims(
    stored: BaselineFile, claims: Mapping[str, Claim], entry: Union[SampleEntry, CasesEntry]
) -> None:
    """Make sure that the test claims what is stored: a margin changes with a reason, in the baseline's history.

    Raises:
        BadInput: it claims something else.
    """
    for metric in entry.metrics:
        claim = claims.get(metric.name)
        odd = claim.contradiction(metric, values_of(entry, metric.name)) if claim is not None else ""
        if odd:
            raise _otherwise(stored, f"{metric.name}: {odd}")


def _require_same_tolerances(stored: BaselineFile, entry: FingerprintEntry, made: FingerprintEntry) -> None:
    """Make sure that the test allows what is stored.

    Raises:
        BadInput: it allows something else.
    """
    for name in entry.close:
        ours, theirs = (each.tolerances.get(name, each.tolerance) for each in (made, entry))
        if ours != theirs:
            raise _otherwise(stored, f"{name}: tolerance {ours:.2g} in the test, {theirs:.2g} stored")


def _stated(claim: Claim, metric: str, metrics: int) -> str:
    """A claim with a margin, as the argument ``metrics`` of a test takes it."""
    stated = f"{claim.direction}(margin=0.05)"
    return stated if metrics == 1 else f"{{…, {metric!r}: {stated}}}"


def _otherwise(stored: BaselineFile, odd: str) -> BadInput:
    return BadInput(
        f"{stored.name}, {odd}",
        "what is allowed changes with a reason, in the history of the baseline",
        f"{stored.owner.record}, then {stored.owner.accept} '…'",
    )
