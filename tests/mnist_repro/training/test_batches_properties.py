"""Whatever the budget and the batch: every image once per epoch, in an order that the seed alone decides."""

from __future__ import annotations

from dataclasses import replace
from typing import List

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.recipe import Budget, Epochs, Scale, Steps
from mnist_repro.training.batches import segments, steps_per_epoch, total_steps
from mnist_repro.training.seeds import Stream, epoch_order

NAMES = st.sampled_from(sorted(RECIPES))
SEEDS = st.integers(0, 2**40)
COUNTS = st.integers(1, 400)
BATCHES = st.integers(1, 130)


@st.composite
def budgets(draw: st.DrawFn) -> Scale:
    """Any budget in epochs or steps, with any scores on the way."""
    budget: Budget = Epochs(draw(st.integers(1, 5)))
    if draw(st.booleans()):
        budget = Steps(draw(st.integers(1, 120)), report_every=draw(st.integers(1, 130)))
    scored = draw(st.sets(st.integers(1, budget.count), max_size=4)) | {budget.count}
    return Scale(draw(COUNTS), 0, 1, budget, scored_after=tuple(sorted(scored)))


def fed(recipe: Recipe, scale: Scale, seed: int) -> List[List[int]]:
    """The images of every epoch in the order in which they are trained on, batch by batch."""
    epochs: List[List[int]] = []
    size = recipe.batch_size
    for segment in segments(recipe, scale):
        if segment.first == 0:
            epochs.append([])
        order = epoch_order(recipe.name, seed, segment.epoch, scale.training_images)
        for step in range(segment.first, segment.first + segment.steps):
            epochs[segment.epoch] += [int(image) for image in order[step * size : (step + 1) * size]]
    return epochs


@given(scale=budgets(), batch=BATCHES, seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_every_image_comes_once_per_epoch(scale: Scale, batch: int, seed: int) -> None:
    recipe = replace(find("tf-softmax"), batch_size=batch)
    *finished, last = fed(recipe, scale, seed)
    every_image = list(range(scale.training_images))
    assert [every_image] * len(finished) == [sorted(images) for images in finished]
    assert len(last) == len(set(last))
    if isinstance(scale.budget, Epochs):
        assert every_image == sorted(last)


@given(scale=budgets(), batch=BATCHES)
@settings(max_examples=40, deadline=None)
def test_segments_add_up_to_the_budget_stay_within_their_epoch_and_take_every_score_once(
    scale: Scale, batch: int
) -> None:
    recipe = replace(find("tf-softmax"), batch_size=batch)
    per_epoch = steps_per_epoch(scale.training_images, batch)
    per_unit = per_epoch if isinstance(scale.budget, Epochs) else 1
    steps = 0
    for segment in segments(recipe, scale):
        assert divmod(steps, per_epoch) == (segment.epoch, segment.first)
        assert 1 <= segment.steps <= per_epoch - segment.first
        steps += segment.steps
        assert segment.scored is None or segment.scored * per_unit == steps
    assert total_steps(recipe, scale) == steps
    scored = [segment.scored for segment in segments(recipe, scale) if segment.scored is not None]
    assert scale.scored_after == tuple(scored)


@given(name=NAMES, seed=SEEDS, epoch=st.integers(0, 50), images=COUNTS, drawn=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_an_order_does_not_depend_on_what_was_drawn_before(
    name: str, seed: int, epoch: int, images: int, drawn: int
) -> None:
    first = epoch_order(name, seed, epoch, images)
    np.random.random(drawn)
    Stream(name, seed, "something else").raw(drawn)
    epoch_order(name, seed, epoch + 1, images)
    assert first.tolist() == epoch_order(name, seed, epoch, images).tolist()


@given(seed=SEEDS, images=COUNTS, batch=BATCHES, other_batch=BATCHES)
@settings(max_examples=40, deadline=None)
def test_an_order_does_not_depend_on_the_batch_size(seed: int, images: int, batch: int, other_batch: int) -> None:
    recipe, scale = find("vgg7"), Scale(images, 0, 1, Epochs(2), scored_after=(2,))
    one = fed(replace(recipe, batch_size=batch), scale, seed)
    assert one == fed(replace(recipe, batch_size=other_batch), scale, seed)


@given(name=NAMES, seeds=st.lists(SEEDS, min_size=2, max_size=2, unique=True))
@settings(max_examples=40, deadline=None)
def test_another_seed_is_another_order(name: str, seeds: List[int]) -> None:
    one, other = (epoch_order(name, seed, 0, 200).tolist() for seed in seeds)
    assert one != other
