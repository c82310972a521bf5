"""Writes a project that RIKEN's WHEEL opens and runs: the tutorial's workflow, train and estimate, as two batch jobs.

Open the folder in WHEEL, press run, and see test accuracy 0.9276 in estimate/eval.log, where 0.927 is published.
With --seeds each seed has its own train and estimate, and a last component judges all runs: it fails if the gate does
not pass. With --plain the two components are scripts in plain Keras, which need TensorFlow and not mnist-repro.

Examples:
  mnist-repro wheel mnist.wheel --group hp000000 --python /home/apps/oss/TensorFlow-2.2.0/bin/python
  mnist-repro wheel mnist.wheel --scale subset --seeds 3 --archive
  mnist-repro wheel by-hand.wheel --plain
  mnist-repro judge mnist.wheel, then: mnist-repro report mnist.wheel        when WHEEL has run it
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict

from mnist_repro.commands.options import add_baselines, add_run, named, named_place, require_positive
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.wheel.project import Project
    from mnist_repro.wheel.workflow import Conditions

DESCRIPTION = "write the tutorial's workflow as a project of WHEEL"
SUFFIX = ".wheel"
MOST_SEEDS = 100
# vol0004 holds Fugaku's software; the tutorial names it.
VOLUMES = "/vol0004"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", type=named_place, metavar=f"FOLDER{SUFFIX}", help="where to write the project")
    parser.add_argument("--recipe", default="wheel-softmax", metavar="RECIPE", help="the recipe (default: %(default)s)")
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="train and estimate for each seed from 0 to N-1, and a component that judges them",
    )
    parser.add_argument("--host", default="fugaku", metavar="LABEL", help="remote host in WHEEL (default: %(default)s)")
    parser.add_argument("--group", type=_directive, metavar="GROUP", help="the group that is charged (pjsub -g)")
    parser.add_argument(
        "--gfscache",
        type=_directive,
        default=VOLUMES,
        metavar="VOLUMES",
        help="the volumes that jobs use, joined with `:` (PJM_LLIO_GFSCACHE; default: %(default)s)",
    )
    parser.add_argument(
        "--python",
        type=named,
        default=sys.executable,
        metavar="PATH",
        help="the Python on the compute nodes (default: the one that runs this command)",
    )
    parser.add_argument("--archive", action="store_true", help="write FOLDER.tgz as well, for WHEEL's import")
    parser.add_argument("--plain", action="store_true", help="components in plain Keras, without mnist-repro")
    add_baselines(parser, "with --seeds, stored runs to compare with (default: %(default)s)")
    add_run(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Write the project, and its archive if it is asked for."""
    from mnist_repro.files.atomic import replacing, require_writable
    from mnist_repro.recipes import find
    from mnist_repro.wheel.folder import archive, write
    from mnist_repro.wheel.workflow import Conditions

    folder: Path = arguments.folder
    name = folder.name[: -len(SUFFIX)]
    if folder.suffix != SUFFIX or re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) is None:
        raise BadInput(
            f"{folder} is no name of a project",
            f"WHEEL wants NAME{SUFFIX}, NAME of at most 80 letters, digits, _ and -",
            f"mnist-repro wheel mnist{SUFFIX}",
        )
    if not os.path.isabs(arguments.python):  # noqa: PTH117 - of another machine
        raise BadInput(
            f"--python {arguments.python}", "a job has no PATH of yours", "name its whole path on the compute nodes"
        )
    of = Conditions(
        name=name,
        recipe=find(arguments.recipe),
        scale=arguments.scale,
        arithmetic=arguments.arithmetic,
        host=arguments.host,
        python=arguments.python,
        data=_data(arguments),
        volumes=arguments.gfscache,
        group=arguments.group,
    )
    files = _project(arguments, of).files()
    packed = folder.with_suffix(".tgz")
    require_writable(folder.parent)
    if arguments.archive and packed.exists():
        raise BadInput(
            f"{packed} is there already", "no archive is overwritten", f"name another folder, or remove {packed}"
        )
    data = archive(name, files) if arguments.archive else b""
    write(folder, files)
    print(f"{folder}: open it in WHEEL; its jobs run {arguments.python} on the host {of.host!r}, data {of.data}")
    if arguments.archive:
        with replacing(packed) as unfinished:
            unfinished.write_bytes(data)
        print(f"{packed}: for WHEEL's import")
    return ExitCode.PASSED


def _project(arguments: argparse.Namespace, of: Conditions) -> Project:
    from mnist_repro.recipes import OURS
    from mnist_repro.wheel import workflow

    if of.recipe.name not in OURS:
        raise BadInput(
            f"{of.recipe.name} is a recipe of your own",
            "jobs on another machine know the recipes of this package alone",
            f"--recipe with one of {', '.join(OURS)}",
        )
    if arguments.plain:
        if of.recipe.name != "wheel-softmax" or arguments.seeds is not None or of.data == "surrogate":
            # MNIST_REPRO_DATA may name the surrogate.
            data = " --data mnist" if of.data == "surrogate" else ""
            raise BadInput(
                "--plain with another recipe, with --seeds or with the surrogate",
                "the plain scripts are the tutorial's: one training of one softmax layer on MNIST",
                f"mnist-repro wheel {shlex.quote(str(arguments.folder))} --plain{data}",
            )
        return workflow.by_hand(of)
    if arguments.seeds is None:
        return workflow.two_tasks(of)
    if arguments.seeds > MOST_SEEDS:
        raise BadInput(f"--seeds {arguments.seeds}", f"{MOST_SEEDS} chains at most can be seen in WHEEL", "--seeds 10")
    return workflow.judged_seeds(of, require_positive("--seeds", arguments.seeds), _baselines(arguments, of))


def _data(arguments: argparse.Namespace) -> str:
    """The value of --data in the jobs: jobs do not see the variable that names data here."""
    from mnist_repro.data import places

    value = arguments.data or places.named_by_variable() or "mnist"
    return value if value in places.WORDS else str(places.expanded(value).absolute())


def _baselines(arguments: argparse.Namespace, of: Conditions) -> Dict[str, str]:
    """The stored runs that the judge needs, text by path."""
    from mnist_repro.gate.baselines.files import path_of
    from mnist_repro.runs import baselines

    stored = baselines.read(arguments.baselines, of.recipe.name, of.scale)
    dataset = "surrogate" if of.data == "surrogate" else "mnist"
    if stored.samples(baselines.conditions_of(dataset, of.arithmetic)) is None:
        raise BadInput(
            f"{arguments.baselines} has no {of.scale} runs of {of.recipe.name}, {dataset} data, "
            f"{of.arithmetic} arithmetic",
            "the last component judges the runs by such stored runs, which it takes along",
            "--baselines DIR, or leave --seeds out",
        )
    file = path_of(arguments.baselines, stored.name)
    return {file.relative_to(arguments.baselines).as_posix(): file.read_text(encoding="utf-8")}


def _directive(text: str) -> str:
    """A value for a directive of PJM, which cannot be quoted."""
    if re.fullmatch(r"[A-Za-z0-9_:/.-]+", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of letters, digits and _:/.-")
    return text
