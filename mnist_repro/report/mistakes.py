"""The mistakes of one run and the average of several runs: labels, pairs, confusion, and pictures."""

from __future__ import annotations

import base64
import io
from collections import Counter
from typing import List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.published import published_errors
from mnist_repro.recipes.recipe import Published
from mnist_repro.report.values import LabelRow, Mistakes, PairPictures, PairRow, Picture, Pictures, PublishedMistakes
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.problems import Problems

PICTURES = 3
PAIRS_PICTURED = 6
PICTURES_OF_PAIR = 8


def mistakes_of(runs: Sequence[FoundRun], dataset: Optional[Dataset], problems: Problems) -> Mistakes:
    """The mistakes of runs of one recipe and scale, as the page shows them.

    The pictures are of the first run.
    """
    shown = runs[0]
    recipe = find(shown.run.recipe)
    evaluations = [each.run.scores[-1].test for each in runs]
    published = published_errors(recipe) if shown.run.scale == "full" else None
    pairs = _pairs(evaluations, published)
    pictures = None
    if dataset is not None:
        with problems.leaving_out():
            pictures = _pictures(shown, recipe, dataset, pairs)
    return Mistakes(
        seed=shown.run.seed,
        seeds=len(runs),
        right=evaluations[0].right,
        wrong=evaluations[0].wrong,
        confusion=evaluations[0].confusion,
        labels=_labels(evaluations, published),
        pairs=pairs,
        published=PublishedMistakes(published.after, sum(published.errors_per_label.values())) if published else None,
        pictures=pictures,
    )


def _labels(evaluations: Sequence[Evaluation], published: Optional[Published]) -> List[LabelRow]:
    first, count = evaluations[0].errors_per_label, len(evaluations)
    mean = {label: sum(each.errors_per_label[label] for each in evaluations) / count for label in range(10)}
    return [
        LabelRow(label, first[label], mean[label], published.errors_per_label.get(label, 0) if published else None)
        for label in range(10)
    ]


def _pairs(evaluations: Sequence[Evaluation], published: Optional[Published]) -> List[PairRow]:
    """The (predicted, label) pairs by images in the shown run, then by mean; pairs that are only published are last."""
    first = {(predicted, label): images for predicted, label, images in evaluations[0].errors_per_pair}
    total: Counter[Tuple[int, int]] = Counter()
    for evaluation in evaluations:
        for predicted, label, images in evaluation.errors_per_pair:
            total[predicted, label] += images
    published_pairs = {} if published is None else {(p, la): images for p, la, images in published.errors_per_pair}
    every = {*total, *published_pairs}
    ordered = sorted(every, key=lambda pair: (-first.get(pair, 0), -total[pair], -published_pairs.get(pair, 0), pair))
    return [
        PairRow(
            predicted=pair[0],
            label=pair[1],
            images=first.get(pair, 0),
            mean=total[pair] / len(evaluations),
            published=None if published is None else published_pairs.get(pair, 0),
        )
        for pair in ordered
    ]


def _pictures(shown: FoundRun, recipe: Recipe, dataset: Dataset, pairs: Sequence[PairRow]) -> Pictures:
    """Right and wrong images of one run with their predicted classes; old runs lack those of wrong images.

    Raises:
        BadInput: the run names images that the dataset does not have.
    """
    evaluation = shown.run.scores[-1].test
    wrong, predictions = evaluation.wrong_images, evaluation.wrong_predictions
    scored = min(sum(map(sum, evaluation.confusion)), len(dataset.test_labels))
    beyond = next((index for index in wrong if index >= scored), None)
    if beyond is not None:
        raise BadInput(
            f"{shown.folder}: image {beyond} cannot be shown",
            f"the run was scored on {scored:,} test images, counted from 0",
            f"train it again: mnist-repro train {recipe.name} --out DIR",
        )
    right = np.setdiff1d(np.arange(min(scored, len(wrong) + 50)), wrong)[:PICTURES]
    first = zip(wrong[:PICTURES], predictions or (None,) * PICTURES)
    commonest = [pair for pair in pairs if pair.images][:PAIRS_PICTURED]
    return Pictures(
        right=[_picture(dataset, int(index), int(dataset.test_labels[index])) for index in right],
        wrong=[_picture(dataset, index, predicted) for index, predicted in first],
        pairs=[] if predictions is None else [_of_pair(pair, evaluation, dataset) for pair in commonest],
        unpredicted="not stored" if predictions is None else "",
    )


def _picture(dataset: Dataset, index: int, predicted: Optional[int]) -> Picture:
    from PIL import Image  # here, because it comes with matplotlib, which only the page needs

    png = io.BytesIO()
    Image.fromarray(dataset.test_images[index]).save(png, "png", optimize=True)
    return Picture(index, int(dataset.test_labels[index]), predicted, base64.b64encode(png.getvalue()).decode("ascii"))


def _of_pair(pair: PairRow, evaluation: Evaluation, dataset: Dataset) -> PairPictures:
    indices = [
        index
        for index, guess in zip(evaluation.wrong_images, evaluation.wrong_predictions or ())
        if (guess, dataset.test_labels[index]) == (pair.predicted, pair.label)
    ]
    pictures = [_picture(dataset, index, pair.predicted) for index in indices[:PICTURES_OF_PAIR]]
    return PairPictures(pair.predicted, pair.label, pictures, pair.images)
