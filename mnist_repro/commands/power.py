"""Plants bugs, and shows which checks catch them, the usual ones and ours, and how often ours raise a false alarm.

Each planted bug really runs, in processes with one thread, side by side. Results are kept in --out: if you stop the
command, type it again, and it measures only what is missing, or all after a change of the code or of the list of bugs.
It needs a checkout, which has the list of bugs, and recorded baselines. docs/reference/power.md explains each column.

Exit code 0 if our checks together catch every bug and raise no false alarm, 1 if not.

Examples:
  mnist-repro power --quick                              fingerprints and subsets: minutes
  mnist-repro power                                      the published budgets too: hours
  mnist-repro power --recipe wheel-softmax               the first thirty bugs, at every scale
  mnist-repro power --bug dropout-off --bug layer-frozen two of them, on all their recipes
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Sequence, Tuple

from mnist_repro.commands.options import (
    add_baselines,
    add_data,
    load_data,
    named_place,
    require_positive,
    require_there,
)
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.power.bugs import Bug

DESCRIPTION = "plant bugs: which checks catch them, and how often do they raise a false alarm?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--quick", action="store_true", help="only fingerprint and subset, not the published budgets")
    parser.add_argument("--recipe", action="append", metavar="RECIPE", help="only the bugs of this recipe; repeatable")
    parser.add_argument("--bug", action="append", metavar="NAME", help="only this bug; repeatable")
    parser.add_argument("--list", action="store_true", help="list the bugs and exit")
    parser.add_argument(
        "--bugs", type=named_place, metavar="FILE", help="the list of bugs (default: the checkout's planted_bugs.py)"
    )
    add_baselines(parser, "what gates compare with (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=named_place,
        default=Path("runs/power"),
        metavar="DIR",
        help="folder that keeps the results (default: %(default)s)",
    )
    parser.add_argument("--json", type=named_place, metavar="FILE", help="write the result into this file as well")
    parser.add_argument("--processes", type=int, metavar="N", help="trials side by side (default: one per core)")
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure the bugs, judge them, and print the table."""
    from mnist_repro.data.locate import place
    from mnist_repro.execution import code_digest, workers
    from mnist_repro.execution.components import check_result
    from mnist_repro.execution.workers import provenance_there
    from mnist_repro.files.atomic import require_replaceable, require_writable, write_text
    from mnist_repro.power import bugs as planting
    from mnist_repro.power import study as power_study
    from mnist_repro.power import text as power_text
    from mnist_repro.power.usual_checks import require_num_regression
    from mnist_repro.training.framework import require_tensorflow

    file = arguments.bugs or planting.BUGS_FILE
    bugs, recipes = _chosen(planting.read_bugs(file), arguments)
    if arguments.list:
        print("\n".join(f"{bug.name}: {bug.sentence} ({', '.join(bug.recipes)})" for bug in bugs))
        return ExitCode.PASSED
    number = workers.cores() if arguments.processes is None else arguments.processes
    processes = require_positive("--processes", number)
    require_there(arguments.baselines)
    require_writable(arguments.out, "--out DIR")
    if arguments.json is not None:
        check_result(arguments.json, [])
        require_replaceable(arguments.json)
    require_tensorflow()
    require_num_regression()
    dataset = load_data(arguments)
    scales = ("subset",) if arguments.quick else ("subset", "full")
    plan = power_study.Plan(
        bugs,
        file.resolve(),
        recipes,
        scales,
        arguments.baselines,
        dataset,
        place(dataset),
        arguments.out,
        processes,
        provenance_there(),
        code_digest.digest(power_study.ROOT),
    )
    result = power_study.study(plan, lambda line: sys.stderr.write(f"mnist-repro: {line}\n"))
    if arguments.json is not None:
        write_text(arguments.json, power_text.as_json(result))
    print(power_text.as_text(result), flush=True)
    return ExitCode.PASSED if result.passes else ExitCode.VERDICT


def _chosen(bugs: Sequence[Bug], arguments: argparse.Namespace) -> Tuple[Tuple[Bug, ...], Tuple[str, ...]]:
    """The bugs and recipes that the user named; by default all."""
    from mnist_repro.power.bugs import find_bug
    from mnist_repro.recipes import RECIPES, find

    chosen = tuple(dict.fromkeys(find_bug(bugs, name) for name in arguments.bug)) if arguments.bug else tuple(bugs)
    recipes = {find(name).name for name in arguments.recipe} if arguments.recipe else set(RECIPES)
    names = tuple(name for name in RECIPES if name in recipes and any(name in bug.recipes for bug in chosen))
    if not names:
        asked = " ".join(f"--bug {name}" for name in arguments.bug or ()) or "no bug of the list"
        others = [name for bug in chosen for name in bug.recipes if name in RECIPES]
        raise BadInput(
            f"{asked} on {', '.join(sorted(recipes))}",
            "these bugs are planted on other recipes",
            (f"--recipe {others[0]}, or " if others else "") + "--bugs FILE.py with bugs of your own",
        )
    return tuple(bug for bug in chosen if set(bug.recipes) & set(names)), names
