"""The baselines of recipes: `RECIPE/RUNG` in the gate's files, what their entries must be, and their commands."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, Mapping, Sequence

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.fields import MOST_ROUNDING, require_rounding
from mnist_repro.gate.baselines.folder import option
from mnist_repro.gate.baselines.judge import MeasuredSamples, incomparable, judge_samples
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, FingerprintEntry, Owner, SampleEntry
from mnist_repro.gate.comparison import FINGERPRINT, PUBLISHED, SAMPLES
from mnist_repro.gate.sentence import say
from mnist_repro.gate.verdicts import Judgement
from mnist_repro.recipes import OURS, RECIPES, outside
from mnist_repro.recipes.recipe import ARITHMETICS
from mnist_repro.runs.metrics import DIRECTIONS, is_share, metric_values
from mnist_repro.runs.run import Run

# The rungs with baseline files. `published` has none: published figures are not our measurements.
RUNGS = (FINGERPRINT, "subset", "full")
# Only data with a name have baselines.
DATASETS = ("mnist", "surrogate")
# Of the stored runs by which published figures are judged: MNIST, and the arithmetic of the published runs.
PUBLISHED_CONDITIONS = {"dataset": "mnist", "arithmetic": "original"}
# A larger margin, as a multiple of the stored mean, would allow everything.
_MOST_MEANS = 100.0


def name_of(recipe: str, rung: str) -> str:
    """The name of a recipe's baseline of a rung."""
    return f"{recipe}/{rung}"


def kind_of(rung: str) -> str:
    """What is compared on a rung."""
    return rung if rung in (FINGERPRINT, PUBLISHED) else SAMPLES


def conditions_of(dataset: str, arithmetic: str) -> Dict[str, str]:
    """The conditions of measurements with this dataset and arithmetic."""
    return {"dataset": dataset, "arithmetic": arithmetic}


def owner(folder: Path, recipe: str, rung: str, conditions: Mapping[str, str] = {}) -> Owner:
    """The commands to type for a recipe's baseline in a folder, and the check of its entries."""
    where, unusual = places(folder, [recipe]), options(conditions)
    chosen = f"{recipe} --rung {rung}"
    rerun = f"pytest --repro-scale {rung} --gate-seeds {{seeds}}{unusual.replace(' --', ' --repro-')} -k {recipe}"
    return Owner(
        record=f"mnist-repro baseline record {chosen}{unusual}{where}",
        show=f"mnist-repro baseline show {recipe}{where}",
        diff=f"mnist-repro baseline diff {chosen}{where}",
        accept=f"mnist-repro baseline accept {chosen}{where} --reason",
        rerun="" if rung == FINGERPRINT else rerun,
        check=partial(_require_sensible, recipe),
    )


def places(folder: Path, recipes: Sequence[str]) -> str:
    """The options of `mnist-repro baseline` that say where baselines and recipes lie; empty for the default."""
    return option(folder) + (outside.option() if set(recipes) - set(OURS) else "")


def options(conditions: Mapping[str, str]) -> str:
    """The options of `mnist-repro` for conditions that are not the default; empty for the default."""
    dataset, arithmetic = conditions.get("dataset", "mnist"), conditions.get("arithmetic", "original")
    data = f" --data {dataset}" if dataset in DATASETS[1:] else ""
    return data + (f" --arithmetic {arithmetic}" if arithmetic == "framework" else "")


def read(folder: Path, recipe: str, rung: str, conditions: Mapping[str, str] = {}) -> BaselineFile:
    """The stored baseline of a recipe's rung; it has no entries if there is no file.

    Args:
        folder: folder of the baselines.
        recipe: name of the recipe.
        rung: ``fingerprint``, ``subset`` or ``full``.
        conditions: conditions for which the messages say what to type.

    Raises:
        BadInput: the file is not a valid baseline; the message says where and why.
    """
    return baseline_files.read(folder, name_of(recipe, rung), kind_of(rung), owner(folder, recipe, rung, conditions))


def read_proposed(folder: Path, recipe: str, rung: str) -> BaselineFile:
    """The entries that are proposed for a recipe's rung; raises as `read` does."""
    return baseline_files.read(folder, name_of(recipe, rung), kind_of(rung), owner(folder, recipe, rung), proposed=True)


def judge_runs(stored: BaselineFile, runs: Sequence[Run], looks: int = 1) -> Judgement:
    """Compare runs of one recipe with the stored runs of the same scale, dataset and arithmetic.

    Args:
        stored: the baseline of the runs' recipe and scale.
        runs: at least one run; all of one dataset and arithmetic, each of a different seed.
        looks: how often the session may look, with more seeds each time.
    """
    if not runs:
        return incomparable("no run was made")
    mixed = _mixed(stored, runs)
    if mixed:
        return incomparable(mixed)
    dataset = runs[0].dataset["name"]
    if dataset not in DATASETS:
        return without_baseline(dataset)
    return judge_samples(stored, measured_samples(runs), looks)


def without_baseline(dataset: str) -> Judgement:
    """The judgement of measurements on data without a name."""
    return incomparable(
        say(
            "no baseline for {data} data, and none can be made: only MNIST and the surrogate have one; "
            "--data mnist, or --data surrogate (in pytest: --repro-data)",
            data=dataset,
        )
    )


def measured_samples(runs: Sequence[Run]) -> MeasuredSamples:
    """The metrics of runs, of which all have the conditions of the first, in the form in which they are judged."""
    return MeasuredSamples(
        conditions_of(runs[0].dataset["name"], runs[0].arithmetic),
        {run.seed: metric_values(run) for run in runs},
        runs[0].provenance,
        {run.seed: run.dataset["sha256"] for run in runs},
    )


def _mixed(stored: BaselineFile, runs: Sequence[Run]) -> str:
    """Why these runs cannot be judged together; empty if they can."""
    for what, values in (
        ("baseline", {name_of(run.recipe, run.scale) for run in runs} | {stored.name}),
        ("dataset", {run.dataset["name"] for run in runs}),
        ("arithmetic", {run.arithmetic for run in runs}),
    ):
        if len(values) > 1:
            return say(f"different {what}s: {{values}}", values=", ".join(sorted(values)))
    seeds = [run.seed for run in runs]
    doubled = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    return say("seed {seed} comes twice, which would count one run as two", seed=doubled[0]) if doubled else ""


def _require_sensible(recipe: str, entry: BaselineEntry) -> None:
    """Refuse an entry that would pass any measurement, or that no recipe's baseline can have.

    Raises:
        ValueError: why it is refused.
    """
    if set(entry.conditions) != {"dataset", "arithmetic"} or entry.conditions["arithmetic"] not in ARITHMETICS:
        raise ValueError(f"conditions are {entry.title}, not a dataset and an arithmetic, {' or '.join(ARITHMETICS)}")
    if isinstance(entry, FingerprintEntry):
        require_rounding("tolerance", entry.tolerance, MOST_ROUNDING)
    if not isinstance(entry, SampleEntry):
        return
    # Rounding alone moves chaotic runs beyond the margins of a comparison seed by seed. The opposite case, `paired` is
    # false for a softmax regression, is allowed: nothing passes that should fail.
    if entry.paired and recipe in RECIPES and not RECIPES[recipe].is_softmax_regression:
        raise ValueError(f"paired is true, but runs of {recipe} are chaotic, and only their distributions compare")
    for metric in entry.metrics:
        known = DIRECTIONS.get(metric.name.split(" ", 1)[0])
        if known is not None and metric.direction != known:
            raise ValueError(f"direction of {metric.name} is {metric.direction!r}, but {known} is better")
        share = is_share(metric.name)
        for seed, values in entry.samples.items():
            if share and not 0.0 <= values[metric.name] <= 1.0:
                raise ValueError(
                    f"samples of seed {seed}: {metric.name} is {values[metric.name]}, "
                    "and a share of images lies between 0 and 1"
                )
        mean = sum(abs(values[metric.name]) for values in entry.samples.values()) / len(entry.samples)
        most = 1.0 if share else _MOST_MEANS * mean
        if metric.margin >= most:
            raise ValueError(f"margin of {metric.name} is {metric.margin}, which lets everything below {most:.3g} pass")
        if entry.paired and not share:
            require_rounding(f"margin of {metric.name}", metric.margin, MOST_ROUNDING * mean)
