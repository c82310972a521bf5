"""The table of `mnist-repro power`: which check catches which planted bug, from measured trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.baselines.judge import judge_fingerprint
from mnist_repro.gate.baselines.values import BaselineFile, SampleEntry
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.gate.verdicts import Judgement, Verdict
from mnist_repro.harness.tolerances import taken_entry
from mnist_repro.power.trials import ARITHMETIC, Measurement, Trial
from mnist_repro.power.usual_checks import accuracy_passes, num_regression_passes
from mnist_repro.recipes import find
from mnist_repro.runs.baselines import conditions_of, judge_runs

ACCURACY, NUM_REGRESSION, OURS = "accuracy", "num_regression", "ours"
SAMPLES = ("subset", "full")
COLUMNS = (ACCURACY, NUM_REGRESSION, FINGERPRINT, *SAMPLES, OURS)
SEEDS = AUTO_SEEDS[0]
# Seeds of the usual checks, which compare with the stored runs of the same seeds.
_USUAL = range(SEEDS)


@dataclass(frozen=True)
class Cell:
    """The result of one check on one trial.

    Args:
        caught: whether the check caught the bug; None if the check was not run.
        why: the verdict and its first finding, as text for people.
    """

    caught: Optional[bool]
    why: str = ""


NOT_RUN = Cell(None, "not run")


@dataclass(frozen=True)
class Row:
    """The results of all checks for one bug on one recipe.

    Args:
        recipe: name of the recipe.
        bug: name of the bug; None for unchanged code.
        sentence: what goes wrong.
        cells: results by column.
    """

    recipe: str
    bug: Optional[str]
    sentence: str
    cells: Mapping[str, Cell]

    @property
    def as_expected(self) -> bool:
        """Whether at least one of our checks catches a planted bug, and none of our checks catches unchanged code."""
        return self.cells[OURS].caught is (self.bug is not None)


@dataclass(frozen=True)
class Stored:
    """The baselines with which a recipe's trials are compared.

    Args:
        files: baseline files by rung.
        dataset: name of the data.
    """

    files: Mapping[str, BaselineFile]
    dataset: str

    def samples(self, rung: str) -> SampleEntry:
        """The sample entry of a rung; it exists, because the study refuses recipes without it."""
        entry = self.files[rung].samples(conditions_of(self.dataset, ARITHMETIC))
        assert entry is not None  # noqa: S101 - the study has checked it at its start
        return entry


def row(trial: Trial, sentence: str, stored: Stored, seeds: Mapping[str, int]) -> Row:
    """The results of every check on a trial.

    A scale that is missing in ``seeds`` was not run.
    """
    crash = _crash(trial, [Measurement(FINGERPRINT)])
    cells: Dict[str, Cell] = {FINGERPRINT: crash or _cell(fingerprint_judgement(trial, stored))}
    for scale in SAMPLES:
        cells[scale] = _samples(trial, stored, scale, seeds[scale]) if scale in seeds else NOT_RUN
    cells[NUM_REGRESSION] = _num_regression(trial, stored, list(seeds))
    on_mnist = "full" in seeds and stored.dataset == "mnist"
    cells[ACCURACY] = _accuracy(trial) if on_mnist else NOT_RUN
    own_cells = [cells[column] for column in (FINGERPRINT, *SAMPLES) if cells[column].caught is not None]
    caught = any(cell.caught for cell in own_cells)
    cells[OURS] = Cell(caught, next((cell.why for cell in own_cells if cell.caught), ""))
    return Row(trial.recipe, trial.bug, sentence, {column: cells[column] for column in COLUMNS})


def more_seeds(trial: Trial, stored: Stored, scale: str, seeds: int) -> int:
    """The number of seeds that `--gate-seeds auto` would use next; more than ``seeds`` if these do not settle it."""
    crash = trial.crash(parts(trial, stored, scale, seeds))
    if crash or _judged(trial, stored, scale, seeds).verdict is not Verdict.INCONCLUSIVE:
        return seeds
    return next((more for more in AUTO_SEEDS if more > seeds), seeds)


def parts(trial: Trial, stored: Stored, scale: str, seeds: int) -> List[Measurement]:
    """The runs of a trial that all checks together need, if ``seeds`` runs are compared with the stored samples."""
    return _parts(scale, dict.fromkeys([*_USUAL, *compared_seeds(trial, stored, scale, seeds)]))


def compared_seeds(trial: Trial, stored: Stored, scale: str, seeds: int) -> range:
    """The seeds whose runs are compared with the stored samples.

    With stored seeds, unchanged code would give the stored bits, and the comparison would prove nothing. So it gets
    seeds that are not stored, unless it is compared seed by seed.
    """
    entry = stored.samples(scale)
    first = max(entry.samples) + 1 if trial.bug is None and not entry.paired else 0
    return range(first, first + seeds)


def _parts(scale: str, seeds: Iterable[int]) -> List[Measurement]:
    return [Measurement(scale, seed) for seed in seeds]


def fingerprint_judgement(trial: Trial, stored: Stored) -> Judgement:
    """The judgement of the fingerprint rung on a trial that has not crashed."""
    return judge_fingerprint(stored.files[FINGERPRINT], taken_entry(trial.fingerprint()))


def _samples(trial: Trial, stored: Stored, scale: str, seeds: int) -> Cell:
    parts = _parts(scale, compared_seeds(trial, stored, scale, seeds))
    return _crash(trial, parts) or _cell(_judged(trial, stored, scale, seeds))


def _judged(trial: Trial, stored: Stored, scale: str, seeds: int) -> Judgement:
    runs = trial.runs(scale, compared_seeds(trial, stored, scale, seeds))
    return judge_runs(stored.files[scale], runs, len(AUTO_SEEDS))


def _num_regression(trial: Trial, stored: Stored, scales: Sequence[str]) -> Cell:
    """The result of `num_regression`: one test per scale that was run."""
    for scale in scales:
        crash = _crash(trial, _parts(scale, _USUAL))
        if crash:
            return crash
        if not num_regression_passes(stored.samples(scale).samples, trial.runs(scale, _USUAL)):
            return Cell(True, f"{scale}: values are not sufficiently close")
    return Cell(False)


def _accuracy(trial: Trial) -> Cell:
    crash = _crash(trial, _parts("full", _USUAL))
    return crash or Cell(not accuracy_passes(find(trial.recipe), trial.runs("full", _USUAL)))


def _cell(judgement: Judgement) -> Cell:
    verdict = judgement.verdict
    finding = next((each for each in judgement.findings if each.verdict is verdict), None)
    why = f"{verdict.value}: {finding.name}, {finding.reason}" if finding else verdict.value
    return Cell(not verdict.passes, why)


def _crash(trial: Trial, parts: Sequence[Measurement]) -> Optional[Cell]:
    last_line = trial.crash(parts)
    return Cell(True, f"crashed: {last_line}") if last_line else None


def counts(rows: Sequence[Row]) -> Dict[str, Tuple[int, int]]:
    """For each column: the number of bugs that it caught, and the number of bugs for which it was run."""
    planted = [each for each in rows if each.bug is not None]
    by_column = {}
    for column in COLUMNS:
        cells = [each.cells[column] for each in planted if each.cells[column].caught is not None]
        by_column[column] = (sum(bool(cell.caught) for cell in cells), len(cells))
    return by_column
