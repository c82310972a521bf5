from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

from mnist_repro.data.dataset import Dataset
from mnist_repro.report.mistakes import mistakes_of
from mnist_repro.report.values import Mistakes, Picture
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.problems import Problems
from tests.builders import report_scene

FOLDER = Path("runs/seed-0")


def mistakes(dataset: Optional[Dataset], problems: Optional[Problems] = None, **changes: Any) -> Mistakes:
    """The mistakes of one run whose last evaluation has these changes."""
    made = report_scene.run(0, 0.05, dataset)
    score = made.scores[-1]
    scores = (*made.scores[:-1], replace(score, test=replace(score.test, **changes)))
    return mistakes_of([FoundRun(FOLDER, replace(made, scores=scores))], dataset, problems or Problems())


def guesses(pictures: Sequence[Picture]) -> List[Tuple[int, Optional[int]]]:
    return [(each.index, each.predicted) for each in pictures]


def wrong_images() -> Tuple[int, ...]:
    return report_scene.run(0, 0.05).scores[-1].test.wrong_images


def test_wrong_images_are_shown_with_the_predictions_that_the_run_has_stored(dataset: Dataset) -> None:
    pictures = mistakes(dataset).pictures

    assert pictures is not None
    fours = [index for index in wrong_images() if dataset.test_labels[index] == 4]
    [pair] = pictures.pairs
    assert ("", [(index, 9) for index in wrong_images()[:3]]) == (pictures.unpredicted, guesses(pictures.wrong))
    assert (9, 4, len(wrong_images())) == (pair.predicted, pair.label, pair.of)
    assert [(index, 9) for index in fours[:8]] == guesses(pair.images)


def test_a_run_without_stored_predictions_has_its_pictures_without_them(dataset: Dataset) -> None:
    pictures = mistakes(dataset, wrong_predictions=None).pictures

    assert pictures is not None
    assert ("not stored", []) == (pictures.unpredicted, pictures.pairs)
    assert [(index, None) for index in wrong_images()[:3]] == guesses(pictures.wrong)


def test_an_image_that_the_data_does_not_have_is_named_and_the_rest_shown(dataset: Dataset) -> None:
    problems = Problems()

    shown = mistakes(dataset, problems, wrong_images=(*wrong_images()[:-1], 123_456))

    assert [f"{FOLDER}: image 123456 cannot be shown"] == [problem.what for problem in problems.found]
    assert (None, 10) == (shown.pictures, len(shown.labels))


def test_without_the_data_there_are_no_pictures() -> None:
    assert mistakes(None).pictures is None


def test_the_mean_is_over_all_runs_and_the_rest_of_the_first() -> None:
    first, second = report_scene.run(0, 0.05), report_scene.run(1, 0.25)
    found = [FoundRun(FOLDER, each) for each in (first, second)]

    shown = mistakes_of(found, None, Problems())

    [row] = [row for row in shown.labels if row.wrong]
    wrong = [each.scores[-1].test.wrong for each in (first, second)]
    assert (0, 2, wrong[0], sum(wrong) / 2) == (shown.seed, shown.seeds, row.wrong, row.mean)
