"""Records, shows, compares and accepts the baselines of recipes: baselines/RECIPE/RUNG.yml.

`record` makes runs and leaves proposals next to the stored files, `diff` says what would change, `accept` stores the
proposals with a reason. If CI is set, nothing is recorded or accepted.

Examples:
  mnist-repro baseline show wheel-softmax                what is stored, what is allowed, and why
  mnist-repro baseline record vgg7 --rung subset         16 seeds; if you stop it, type it again: it continues
  mnist-repro baseline diff --all                        compare the proposals with what is stored
  mnist-repro baseline accept vgg7 --reason "dropout after the second pool, as the source has it"
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence

from mnist_repro.commands.options import (
    add_arithmetic,
    add_baselines,
    add_data,
    add_recipes,
    load_data,
    require_positive,
    require_seeds,
)
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.execution.workers import Task
    from mnist_repro.gate.baselines.files import Proposal
    from mnist_repro.harness.recorder import Recorder
    from mnist_repro.recipes import Recipe

DESCRIPTION = "record, show, compare and accept baselines"
RUNGS = ("fingerprint", "subset", "full")

_RECORD = """\
Makes the runs of a baseline and leaves a proposal in baselines/RECIPE/RUNG.proposed.yml.

Stored files do not change. Runs are kept in baselines/.recording until you remove it: if a recording was stopped, type
the command again, and it makes the missing seeds. An existing run is used if it has the same dataset, arithmetic and
scale, the same machine architecture, TensorFlow and Keras, and the same training code: a hash of the source that trains
and scores. A commit or a changed comment does not change this hash; an uncommitted change does.

Stored margins, tolerances and reasons do not change without --new-margins.

Examples:
  mnist-repro baseline record --all                      fingerprints and 16 seeds at subset, every recipe
  mnist-repro baseline record tf-cnn --rung full         16 seeds of the published budget
"""
_SHOW = """\
Shows what is stored: samples as mean and standard deviation, margins with their reasons, and the history.

Examples:
  mnist-repro baseline show vgg7-bn
  mnist-repro baseline show --all --json
"""
_DIFF = """\
Compares the proposals with what is stored, grouped by verdict. Exit code 0 if everything is equivalent, 1 if something
is new or not equivalent, 2 if nothing is proposed.

Example:
  mnist-repro baseline diff --all
"""
_ACCEPT = """\
Stores the proposals. The history of each entry says when, why, and what was replaced.

Example:
  mnist-repro baseline accept wheel-softmax --reason "RMSprop's epsilon outside the root, as in 2020"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions `record`, `show`, `diff` and `accept`."""
    actions = parser.add_subparsers(dest="action", metavar="record|show|diff|accept", required=True)
    for name, summary, text in (
        ("record", "make runs, and propose them", _RECORD),
        ("show", "what is stored", _SHOW),
        ("diff", "compare the proposals with what is stored", _DIFF),
        ("accept", "store the proposals", _ACCEPT),
    ):
        action = actions.add_parser(
            name,
            help=summary,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        action.add_argument("recipes", nargs="*", metavar="RECIPE", help="the recipes")
        action.add_argument("--all", action="store_true", help="all recipes")
        default = "which rung (default: fingerprint and subset)" if name == "record" else "which rung (default: all)"
        action.add_argument("--rung", choices=(*RUNGS, "all"), help=default)
        add_baselines(action, "folder of the recipes' baselines (default: %(default)s)")
        add_recipes(action)
        if name == "record":
            _add_recording(action)
        elif name == "show":
            action.add_argument("--json", action="store_true", help="as JSON, with raw samples")
        elif name == "accept":
            help_ = "why the new values are right; required"
            action.add_argument("--reason", default="", metavar="TEXT", help=help_)


def _add_recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="seeds 0 to N-1 (default: 16, or as many as are stored)",
    )
    parser.add_argument("--processes", type=int, metavar="N", help="runs side by side (default: one per core)")
    parser.add_argument(
        "--new-margins", action="store_true", help="replace stored margins and tolerances by those of the new runs"
    )
    add_arithmetic(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run the action.

    Raises:
        BadInput: nothing is stored or proposed, a file cannot be used, another process holds the lock, or `CI` is set.
    """
    actions = {"record": _record, "show": _show, "diff": _diff, "accept": _accept}
    return actions[arguments.action](arguments)


def _record(arguments: argparse.Namespace) -> ExitCode:
    from mnist_repro import display
    from mnist_repro.data.locate import place
    from mnist_repro.execution import workers
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.gate.baselines.folder import require_writable_baselines
    from mnist_repro.harness.recorder import Recorder
    from mnist_repro.training.framework import require_tensorflow

    require_writable_baselines("baseline record")
    rungs = ["fingerprint", "subset"] if arguments.rung is None else _rungs(arguments)
    recipes = _recipes(arguments)
    # How many seeds are enough depends on the recipe and on what is stored.
    seeds = None if arguments.seeds is None else require_seeds(arguments.seeds, "leave --seeds out")
    number = workers.cores() if arguments.processes is None else arguments.processes
    processes = require_positive("--processes", number)
    require_tensorflow()
    require_writable(arguments.baselines, "--baselines DIR")
    dataset = load_data(arguments)
    with display.bars() as show:
        recorder = Recorder(
            arguments.baselines,
            dataset,
            place(dataset),
            arguments.arithmetic,
            processes,
            arguments.new_margins,
            _say,
            lambda event: show(_title(event.task), event.done, event.total),
        )
        codes = [_record_rung(recorder, recipe, rung, seeds) for recipe in recipes for rung in rungs]
    return max(codes)


def _record_rung(recorder: Recorder, recipe: Recipe, rung: str, seeds: Optional[int]) -> ExitCode:
    from mnist_repro.execution.workers import RunFailedError

    failures: Dict[Task, BadInput] = {}
    try:
        if rung == "fingerprint":
            recorder.fingerprint(recipe)
        else:
            failures = recorder.samples(recipe, rung, seeds)
    except BadInput as error:
        sys.stderr.write(f"mnist-repro: {recipe.name} {rung}: {error}\n")
        return ExitCode.BAD_INPUT
    if not failures:
        return ExitCode.PASSED
    for task, failure in failures.items():
        sys.stderr.write(f"mnist-repro: {_title(task)}: {failure}\n")
    _say(f"{recipe.name} {rung}: nothing is proposed; the same command makes the runs that failed, and no others")
    only_runs = all(isinstance(failure, RunFailedError) for failure in failures.values())
    return ExitCode.VERDICT if only_runs else ExitCode.BAD_INPUT


def _title(task: Task) -> str:
    return f"{task.assignment.recipe.name} {task.assignment.scale}, seed {task.assignment.seed}"


def _say(line: str) -> None:
    print(line, flush=True)


def _show(arguments: argparse.Namespace) -> ExitCode:
    from mnist_repro.gate.baselines import text as baseline_text
    from mnist_repro.runs import baselines

    recipes, rungs = _recipes(arguments), _rungs(arguments)
    read = {recipe: [baselines.read(arguments.baselines, recipe.name, rung) for rung in rungs] for recipe in recipes}
    bare = [recipe.name for recipe, files in read.items() if not any(file.entries for file in files)]
    if len(bare) == len(recipes) or (bare and not arguments.all):
        what = f"{_rung(arguments)} baseline" if _rung(arguments) else "baseline"
        raise BadInput(
            f"no {what} of {', '.join(bare)} is stored in {arguments.baselines}",
            "one is made by recording runs, and accepting them with a reason",
            f"{_command('record', arguments, bare)}, then {_command('accept', arguments, bare)} --reason TEXT; "
            "or another --baselines DIR",
        )
    files = [file for each in read.values() for file in each if file.entries]
    if arguments.json:
        sys.stdout.write(baseline_text.as_json(files))
    else:
        print(baseline_text.shown(files))
        print("".join(f"\n{name}: nothing is stored" for name in bare), end="\n" if bare else "")
    return ExitCode.PASSED


def _diff(arguments: argparse.Namespace) -> ExitCode:
    from mnist_repro.gate.baselines.commands import print_differences
    from mnist_repro.gate.comparison import subject

    found = _proposals(arguments)
    names = list(dict.fromkeys(subject(each.stored.name) for each in found))
    # The command names the same recipes and rung, so that `accept` stores only what was shown.
    return print_differences(found, _command("accept", arguments, names))


def _accept(arguments: argparse.Namespace) -> ExitCode:
    from mnist_repro.gate.baselines.commands import require_reason, store

    reason = require_reason("baseline accept", arguments.reason)
    store(arguments.baselines, _proposals(arguments), reason)
    return ExitCode.PASSED


def _proposals(arguments: argparse.Namespace) -> List[Proposal]:
    """The proposals for the recipes and rungs that the user named.

    Raises:
        BadInput: a named recipe has no proposal, or no recipe has one.
    """
    from mnist_repro.gate.baselines.files import find_proposal
    from mnist_repro.runs import baselines

    def find(recipe: str, rung: str) -> Optional[Proposal]:
        owner = baselines.owner(arguments.baselines, recipe, rung)
        name, kind = baselines.name_of(recipe, rung), baselines.kind_of(rung)
        return find_proposal(arguments.baselines, name, kind, owner)

    rungs = _rungs(arguments)
    by_recipe = {
        recipe.name: list(filter(None, (find(recipe.name, rung) for rung in rungs))) for recipe in _recipes(arguments)
    }
    bare = [name for name, each in by_recipe.items() if not each]
    if len(bare) == len(by_recipe) or (bare and not arguments.all):
        what = f"no {_rung(arguments)} baseline" if _rung(arguments) else "nothing"
        raise BadInput(
            f"{what} is proposed for {', '.join(bare)} in {arguments.baselines}",
            "`baseline record` leaves proposals there, and `baseline accept` takes them away",
            _command("record", arguments, bare),
        )
    return [proposal for each in by_recipe.values() for proposal in each]


def _recipes(arguments: argparse.Namespace) -> List[Recipe]:
    from mnist_repro.recipes import RECIPES, find

    if arguments.all and arguments.recipes:
        raise BadInput(f"--all and {' '.join(arguments.recipes)}", "--all already means every recipe", "leave one out")
    if not arguments.all and not arguments.recipes:
        raise BadInput(
            f"baseline {arguments.action} without a recipe",
            f"the recipes are {', '.join(RECIPES)}",
            _command(arguments.action, arguments, ["--all"])
            + (" --reason TEXT" if arguments.action == "accept" else ""),
        )
    return [find(name) for name in (RECIPES if arguments.all else dict.fromkeys(arguments.recipes))]


def _rungs(arguments: argparse.Namespace) -> List[str]:
    return list(RUNGS) if arguments.rung in (None, "all") else [arguments.rung]


def _rung(arguments: argparse.Namespace) -> str:
    """The one rung that the user named; empty if all are meant."""
    return "" if arguments.rung in (None, "all") else str(arguments.rung)


def _command(action: str, arguments: argparse.Namespace, recipes: Sequence[str]) -> str:
    """The command for an action on recipes, with the rung and the places that the user named."""
    from mnist_repro.runs import baselines

    rung = "" if arguments.rung is None else f" --rung {arguments.rung}"
    return f"mnist-repro baseline {action} {' '.join(recipes)}{rung}{baselines.places(arguments.baselines, recipes)}"
