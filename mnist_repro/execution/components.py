"""The tutorial's two components: `train` writes a folder with weights, `estimate` scores the weights in it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence

from mnist_repro.data import places
from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import code_digest
from mnist_repro.files.atomic import (
    another_folder,
    remove_unfinished,
    replacing,
    replacing_together,
    require_no_folders,
    require_writable,
    write_text,
)
from mnist_repro.files.json import json_text
from mnist_repro.files.locks import alone_in
from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import lay_out, parameter_count
from mnist_repro.recipes.recipe import Scale
from mnist_repro.runs import run_json
from mnist_repro.runs.evaluation import Evaluation, evaluate
from mnist_repro.runs.log import log_text
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import ESTIMATED, EVALUATION, EVALUATION_LOG, MODEL, TRAINED, TRAINING_LOG, WEIGHTS
from mnist_repro.training import framework
from mnist_repro.training.provenance import provenance
from mnist_repro.training.record import Trained
from mnist_repro.training.train import Progress, no_progress, train
from mnist_repro.weights import param_hdf5

STEP_LOSSES_KEPT = 100
# Number of digits of a hash in messages.
DIGITS = 12
_OUT = "--out DIR"
# The most bytes that the description of a model's layers takes in `model.h5`.
DESCRIPTION_BYTES = 1 << 17


@dataclass(frozen=True)
class Assignment:
    """One training to make.

    Args:
        recipe: the recipe.
        seed: 0 or more.
        scale: ``full`` or ``subset``.
        arithmetic: ``original`` or ``framework``.
    """

    recipe: Recipe
    seed: int = 0
    scale: str = "full"
    arithmetic: str = "original"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise BadInput(f"seed {self.seed}", "a seed is a whole number from 0", "--seed 0")


def check_folder(folder: Path, recipe: Recipe, scores_only: bool = False) -> None:
    """Make sure, before the training, that a run of ``recipe`` can be written into ``folder``.

    With ``scores_only``, only the scores of a run will be written there: the advice is then to keep the run that is
    there.

    Raises:
        BadInput: the folder holds the run of another recipe or an unreadable run, is not a folder, cannot be written,
            or has a folder in the place of a file that is to be written.
    """
    require_writable(folder, _OUT)
    require_no_folders(folder, (*TRAINED, *ESTIMATED), _OUT)
    if not (folder / run_json.FILE).exists():
        return
    try:
        _require_same(folder, "of", read_kept(folder).recipe, recipe.name)
    except BadInput as error:
        if not scores_only:
            raise
        raise BadInput(error.what, error.why, another_folder(_OUT)) from error


def check_kept(folder: Path, assignment: Assignment, dataset: Dataset) -> None:
    """Make sure, before the training, that a run replaces no run of another kind. The seed may be another.

    Raises:
        BadInput: `check_folder` refuses the folder, or it holds a run of another scale, arithmetic or dataset.
    """
    check_folder(folder, assignment.recipe)
    if (folder / run_json.FILE).exists():
        kept = read_kept(folder)
        _require_same(folder, "at scale", kept.scale, assignment.scale)
        _require_same(folder, "with arithmetic", kept.arithmetic, assignment.arithmetic)
        check_data(folder, dataset)


def read_kept(folder: Path) -> Run:
    """Read the run in the folder of a new run.

    Raises:
        BadInput: it cannot be read. To train again, as `run_json.read` advises, would lead to this error again.
    """
    try:
        return run_json.read(folder)
    except BadInput as error:
        raise BadInput(error.what, error.why, _elsewhere(folder)) from error


def _require_same(folder: Path, kind: str, kept: str, new: str) -> None:
    if kept != new:
        raise BadInput(
            f"{folder} holds a run {kind} {kept}, not {kind} {new}",
            "a folder keeps runs of one kind, and none is overwritten by another",
            _elsewhere(folder),
        )


def _elsewhere(folder: Path) -> str:
    return f"--out another folder, or move {folder / run_json.FILE} away: then the run there is replaced"


def check_result(file: Path, folders: Sequence[Path]) -> None:
    """Refuse a file for results if it would replace a file or folder that a run needs.

    Raises:
        BadInput: it is a file of a run, or has the path of a folder that a run needs.
    """
    to_come = [folder.resolve() for folder in folders]
    # The path of the file itself, even if it is a link: the link would be replaced, and not its target.
    place, fix = file.parent.resolve() / file.name, "name another file, such as result.json"
    if any(place in (folder, *folder.parents) for folder in to_come):
        raise BadInput(f"{file} cannot be a file", "it is to be a folder with runs", fix)
    of_run = (file.parent / run_json.FILE).exists() or place.parent in to_come
    if of_run and file.name in (*TRAINED, *ESTIMATED):
        raise BadInput(
            f"{file} is a file of a run's own", f"without its {file.name} the run could not be used any more", fix
        )


def check_data(folder: Path, dataset: Dataset) -> None:
    """Refuse a folder that holds a run on other data: the results would seem to be of that data.

    Raises:
        BadInput: the folder holds a run on other data.
    """
    if not (folder / run_json.FILE).exists():
        return
    theirs = run_json.read(folder).dataset
    if theirs["sha256"] != dataset.sha256:
        told = [
            f"{name} data ({sha256[:DIGITS]}…)"
            for name, sha256 in ((theirs["name"], theirs["sha256"]), (dataset.name, dataset.sha256))
        ]
        raise BadInput(
            f"{folder} holds a run on {told[0]}, not on {told[1]}",
            f"{EVALUATION_LOG} and {run_json.FILE} of one folder must describe the same images",
            f"--out another folder, or --data {own_data(theirs)}",
        )


def own_data(dataset: Mapping[str, str]) -> str:
    """The value of --data for a run's own data."""
    source = str(dataset.get("source", ""))
    # Not `mnist` where the place is known: MNIST_REPRO_DATA may name other data. Not `Path.exists`, which can fail.
    if os.path.isabs(source) and os.path.exists(source):  # noqa: PTH110, PTH117
        return shlex.quote(source)
    return dataset["name"] if dataset["name"] in places.WORDS else "DIR with the run's own"


def train_into(folder: Path, assignment: Assignment, dataset: Dataset, progress: Progress = no_progress) -> Run:
    """Component one: train, and write `learn.log`, `param.hdf5`, `model.h5` and, last, `run.json` into ``folder``.

    A folder with `run.json` is complete. Files of an earlier run stay there until all new files are written.

    Raises:
        BadInput: the folder holds a run of another kind, cannot be written, or another process trains into it.
    """
    with alone_in(folder):
        # What a killed process left.
        remove_unfinished(folder)
        check_kept(folder, assignment, dataset)
        recipe = assignment.recipe
        code = code_digest.of_recipe(code_digest.of_this_process(), recipe)
        scale = recipe.scale(assignment.scale)
        trained = train(recipe, dataset, assignment.seed, scale, assignment.arithmetic, progress)
        return save(folder, assignment, scale, trained, as_run(assignment, dataset, scale, trained, code))


def save(folder: Path, assignment: Assignment, scale: Scale, trained: Trained, result: Run) -> Run:
    """Write the four files of a finished training into ``folder``, `run.json` last."""
    with replacing_together(folder, TRAINED, stale=ESTIMATED) as unfinished:
        write_text(unfinished / TRAINING_LOG, log_text(scale, trained.lines))
        param_hdf5.write(unfinished / WEIGHTS, assignment.recipe, trained.weights)
        _save_model(trained, unfinished / MODEL)
        run_json.write(result, unfinished)
    return result


def _save_model(trained: Trained, file: Path) -> None:
    most = DESCRIPTION_BYTES + sum(array.nbytes for layer in trained.weights for array in layer)
    with replacing(file) as temporary:
        # If HDF5 meets a full disk, the process crashes at its end. So make sure first that there is room.
        temporary.write_bytes(bytes(most))
        try:
            framework.save_model(trained.model, temporary)
        except RuntimeError as error:
            # h5py 2.10 reports a full disk in this way.
            raise OSError(str(error)) from error


def as_run(assignment: Assignment, dataset: Dataset, scale: Scale, trained: Trained, code: Optional[str] = None) -> Run:
    """The `Run` of a finished training; ``code`` is the digest of the code that trained it."""
    recipe = assignment.recipe
    return Run(
        recipe=recipe.name,
        seed=assignment.seed,
        scale=assignment.scale,
        arithmetic=assignment.arithmetic,
        unit=scale.budget.unit,
        dataset={"name": dataset.name, "sha256": dataset.sha256, "source": dataset.source},
        counts={
            "parameters": parameter_count(lay_out(recipe.layers, recipe.input_shape)),
            "training_images": scale.training_images,
            "validation_images": scale.validation_images,
            "test_images": scale.test_images,
            "steps": len(trained.step_losses),
            "batch_size": recipe.batch_size,
        },
        scores=trained.scores,
        validation=trained.validation,
        log=trained.lines,
        step_losses=tuple(float(loss) for loss in trained.step_losses[:STEP_LOSSES_KEPT]),
        first_predictions=trained.first_predictions,
        provenance=provenance(trained.seconds, code),
    )


def estimate(
    weights_file: Path, recipe: Recipe, dataset: Dataset, test_images: int, out: Optional[Path] = None
) -> Evaluation:
    """Component two: build a new model, read its weights from ``weights_file``, and score the first ``test_images``.

    The file is a `param.hdf5`. Without ``out``, `eval.log` and `evaluation.json` are not written.

    Raises:
        BadInput: the file does not fit, or the folder cannot be written.
    """
    model = framework.build(recipe)
    framework.set_weights(model, param_hdf5.read(weights_file, recipe))
    images, labels = dataset.test_images[:test_images], dataset.test_labels[:test_images]
    evaluation = evaluate(framework.scorer(model, recipe.input_shape)(images), labels)
    if out is not None:
        fields: Dict[str, Any] = {
            "schema": run_json.SCHEMA,
            "recipe": recipe.name,
            "dataset": {"name": dataset.name, "sha256": dataset.sha256},
            **(run_json.evaluation_fields(evaluation) or {}),
        }
        fields["errors_per_label"] = evaluation.errors_per_label
        fields["errors_per_predicted_and_label"] = evaluation.errors_per_pair
        with replacing_together(out, ESTIMATED) as unfinished:
            write_text(unfinished / EVALUATION_LOG, evaluation_log(evaluation))
            write_text(unfinished / EVALUATION, json_text(fields))
    return evaluation


def evaluation_log(evaluation: Evaluation) -> str:
    """The text of `eval.log`: the tutorial's two lines."""
    return f"Test loss: {evaluation.loss}\nTest accuracy: {evaluation.accuracy}\n"
