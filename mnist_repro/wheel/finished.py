"""Checks a project that WHEEL ran: every component has finished, and each estimate agrees with its training."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import Any, Dict, List, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run_json import EVALUATION, FILE, SCHEMA
from mnist_repro.wheel.project import COMPONENT, JUDGE, PROJECT, TASK

# How far the loss that `estimate` finds may lie from that of the training, relative: same weights, same images.
ROUNDING = 1e-5
# The same of accuracy: as much as one image, of which two labels are as likely.
TIES = 1.1e-4


def require_finished(places: Sequence[Path], found: Sequence[FoundRun], problems: Problems) -> None:
    """Add to ``problems`` each component that has not finished, and each estimate that differs from its training.

    The component that judges may have failed: WHEEL says so when the verdict does not pass.

    Places without components are no projects of WHEEL.
    """
    estimates = {each.folder: [each.folder / EVALUATION] for each in found}
    for project in places:
        if not (project / PROJECT).is_file():
            continue
        with problems.leaving_out():
            folders = _folders(project)
            components = {identity: _read(folder / COMPONENT) for identity, folder in folders.items()}
            for identity, component in components.items():
                judges = component.get("name") == JUDGE
                if component.get("type") == TASK and not judges and component.get("state") != "finished":
                    problems.add(_unfinished(folders[identity], str(component.get("state"))))
                receivers = _receivers(folders[identity], component)
                targets = [folders[each] / EVALUATION for each in receivers if each in folders]
                estimates.setdefault(folders[identity], []).extend(targets)
    for each in found:
        for file in filter(Path.is_file, estimates[each.folder]):
            with problems.leaving_out():
                _require_same(each, file)


def _folders(project: Path) -> Dict[str, Path]:
    """The folder of each component, by its ID."""
    paths = _read(project / PROJECT).get("componentPath")
    if not isinstance(paths, dict):
        raise _foreign(project / PROJECT, "it has no componentPath")
    return {str(identity): project / str(path) for identity, path in paths.items()}


def _receivers(folder: Path, component: Dict[str, Any]) -> List[str]:
    """The IDs of the components that get the run of this one."""
    try:
        outputs = [each for each in component.get("outputFiles", []) if each["name"] == FILE]
        return [str(target["dstNode"]) for each in outputs for target in each["dst"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise _foreign(folder / COMPONENT, f"its outputFiles make no sense ({error})") from error


def _read(file: Path) -> Dict[str, Any]:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _foreign(file, str(error)) from error
    if not isinstance(fields, dict):
        raise _foreign(file, "it is no object")
    return fields


def _foreign(file: Path, reason: str) -> BadInput:
    return BadInput(
        f"cannot read {file}: {reason}",
        "the components of a project are known by the files that WHEEL keeps in it",
        "name the folder of a project that WHEEL ran",
    )


def _unfinished(folder: Path, state: str) -> BadInput:
    return BadInput(
        f"{folder} is {state}, not finished",
        "runs of a project count when WHEEL has finished all its components",
        "look at the component's log in WHEEL, then run the project again",
    )


def _require_same(trained: FoundRun, file: Path) -> None:
    """Make sure that an `evaluation.json` scored the weights of this run.

    Raises:
        BadInput: it cannot be read, or its loss differs.
    """
    fields = read_json(file, SCHEMA, "evaluation", f"mnist-repro estimate {shlex.quote(str(trained.folder))}")
    last = trained.run.scores[-1].test
    loss = fields.get("loss")
    close = isinstance(loss, float) and math.isclose(loss, last.loss, rel_tol=ROUNDING)
    # A loss that is no number is stored as a word.
    accuracy = fields.get("accuracy")
    near = isinstance(accuracy, float) and math.isclose(accuracy, last.accuracy, abs_tol=TIES)
    if not (near and (close or loss == repr(last.loss))):
        raise BadInput(
            f"{file} has test loss {loss} and accuracy {accuracy}, "
            f"{trained.folder / FILE} has {last.loss} and {last.accuracy}",
            "component two scores the weights that component one left",
            "run the project again",
        )
