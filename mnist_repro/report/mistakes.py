"""What one run got wrong, and what several did on average: labels, pairs, confusion, and the pictures themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.evaluation import Evaluation
from mnist_repro.found_runs import FoundRun
from mnist_repro.problems import Problems
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.published import published_errors
from mnist_repro.recipes.recipe import Published
from mnist_repro.report import predictions
from mnist_repro.report.digit_png import as_base64

WEIGHTS = "param.hdf5"
PICTURES = 3
PAIRS_PICTURED = 6
PICTURES_OF_PAIR = 8
# Of more wrong images only the first are looked at: the page is to be made in seconds.
MOST_PREDICTED = 500

Picture = Dict[str, Any]


def mistake_fields(found: Sequence[FoundRun], dataset: Optional[Dataset], problems: Problems) -> Dict[str, Any]:
    """The mistakes of runs of one recipe and scale, as the page shows them.

    Args:
        found: the runs, by seed; pictures are of the first.
        dataset: what they were scored on; None where it is not at hand.
        problems: takes what is wrong with images and weights.
    """
    shown = found[0]
    recipe = find(shown.run.recipe)
    evaluations = [each.run.scores[-1].test for each in found]
    published = published_errors(recipe) if shown.run.scale == "full" else None
    fields: Dict[str, Any] = {
        "seed": shown.run.seed,
        "seeds": len(found),
        "right": evaluations[0].right,
        "wrong": evaluations[0].wrong,
        "confusion": evaluations[0].confusion,
        "labels": _labels(evaluations, published),
        "pairs": _pairs(evaluations, published),
        "published": None if published is None else {"after": published.after, "wrong": _count(published)},
        "pictures": None,
    }
    if dataset is not None:
        with problems.leaving_out():
            fields["pictures"] = _pictures(shown, recipe, dataset, fields["pairs"], problems)
    return fields


def _count(published: Published) -> int:
    return sum(published.errors_per_label.values())


def _labels(evaluations: Sequence[Evaluation], published: Optional[Published]) -> List[Dict[str, Any]]:
    first, count = evaluations[0].errors_per_label, len(evaluations)
    mean = {label: sum(each.errors_per_label[label] for each in evaluations) / count for label in range(10)}
    return [
        {
            "label": label,
            "wrong": first[label],
            "mean": mean[label],
            "published": None if published is None else published.errors_per_label.get(label, 0),
        }
        for label in range(10)
    ]


def _pairs(evaluations: Sequence[Evaluation], published: Optional[Published]) -> List[Dict[str, Any]]:
    """By how many of the shown run's images they hold, then by the mean; those only published last."""
    first = {(predicted, label): images for predicted, label, images in evaluations[0].errors_per_pair}
    total: Counter[Tuple[int, int]] = Counter()
    for evaluation in evaluations:
        for predicted, label, images in evaluation.errors_per_pair:
            total[predicted, label] += images
    theirs = {} if published is None else {(p, la): images for p, la, images in published.errors_per_pair}
    every = {*total, *theirs}
    ordered = sorted(every, key=lambda pair: (-first.get(pair, 0), -total[pair], -theirs.get(pair, 0), pair))
    return [
        {
            "predicted": pair[0],
            "label": pair[1],
            "images": first.get(pair, 0),
            "mean": total[pair] / len(evaluations),
            "published": None if published is None else theirs.get(pair, 0),
        }
        for pair in ordered
    ]


def _pictures(
    shown: FoundRun, recipe: Recipe, dataset: Dataset, pairs: Sequence[Mapping[str, Any]], problems: Problems
) -> Dict[str, Any]:
    """Right and wrong images of one run; what the wrong ones were taken for, where its weights tell.

    Raises:
        BadInput: the run names images that the dataset does not have.
    """
    evaluation = shown.run.scores[-1].test
    wrong = np.asarray(evaluation.wrong_images, dtype=np.int64)
    scored = min(sum(map(sum, evaluation.confusion)), len(dataset.test_labels))
    beyond = wrong[wrong >= scored]
    if len(beyond):
        raise BadInput(
            f"{shown.folder}: image {beyond[0]} cannot be shown",
            f"the run was scored on {scored:,} test images, counted from 0",
            f"train it again: mnist-repro train {recipe.name} --out DIR",
        )
    right = np.setdiff1d(np.arange(min(scored, len(wrong) + 50)), wrong)[:PICTURES]
    taken_for, why_not = _taken_for(shown, recipe, dataset, wrong[:MOST_PREDICTED], problems)
    every = [_picture(dataset, int(index), taken_for.get(int(index))) for index in wrong[:MOST_PREDICTED]]
    commonest = [pair for pair in pairs if pair["images"]][:PAIRS_PICTURED]
    return {
        "right": [_picture(dataset, int(index), int(dataset.test_labels[index])) for index in right],
        "wrong": every[:PICTURES],
        "pairs": [_of_pair(pair, every) for pair in commonest] if taken_for else [],
        "unpredicted": why_not,
        "looked_at": min(len(wrong), MOST_PREDICTED),
        "of": len(wrong),
    }


def _picture(dataset: Dataset, index: int, taken_for: Optional[int]) -> Picture:
    return {
        "index": index,
        "label": int(dataset.test_labels[index]),
        "predicted": taken_for,
        "png": as_base64(dataset.test_images[index]),
    }


def _of_pair(pair: Mapping[str, Any], pictures: Sequence[Picture]) -> Dict[str, Any]:
    names = ("predicted", "label")
    chosen = [each for each in pictures if all(each[name] == pair[name] for name in names)]
    return {**{name: pair[name] for name in names}, "images": chosen[:PICTURES_OF_PAIR], "of": pair["images"]}


def _taken_for(
    shown: FoundRun, recipe: Recipe, dataset: Dataset, wrong: np.ndarray, problems: Problems
) -> Tuple[Dict[int, int], str]:
    """The class that each wrong image was taken for; empty, and why, where the weights do not tell."""
    file: Path = shown.folder / WEIGHTS
    if not file.is_file():
        return {}, "no weights"
    from mnist_repro.weights import read

    try:
        classes = predictions.predicted(recipe, read(file, recipe), dataset.test_images[wrong])
    except BadInput as problem:
        problems.add(problem)
        return {}, "no weights"
    taken_for = {int(index): int(label) for index, label in zip(wrong, classes)}
    if not _same_model(shown.run.scores[-1].test, taken_for, dataset.test_labels):
        return {}, "other weights"
    return taken_for, ""


def _same_model(evaluation: Evaluation, taken_for: Mapping[int, int], labels: np.ndarray) -> bool:
    """Whether the weights make the mistakes that the run did; rounding may move an image or two."""
    counted = Counter((int(labels[index]), guess) for index, guess in taken_for.items())
    surplus = sum(
        max(0, images - (evaluation.confusion[la][p] if la != p else 0)) for (la, p), images in counted.items()
    )
    return surplus <= max(2, len(taken_for) // 50)
