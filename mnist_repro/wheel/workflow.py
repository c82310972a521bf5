"""The tutorial's workflow as a project of WHEEL: train and estimate, or such a chain for each seed and a judge."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional

from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import lay_out, parameter_count
from mnist_repro.runs.run_json import EVALUATION, EVALUATION_LOG, FILE, TRAINING_LOG, WEIGHTS
from mnist_repro.wheel.project import JUDGE, SCRIPT, Link, Project, Task

TEMPLATES = Path(__file__).with_name("templates")
# The tutorial's own limit, and one for CNNs at the published budget.
ELAPSE, LONG_ELAPSE = "01:00:00", "06:00:00"
_LONG_TRAINING = 10_000
# `learn.log` and `run.json`, `eval.log` and `evaluation.json`, each as one pattern; `cmp.wheel.json` fits neither.
_OF_TRAIN, _OF_ESTIMATE, VERDICT = "[lr]*.[jl]*", "e*.[jl]*", "verdict"
_COLUMN, _ROW = 250, 100


@dataclass(frozen=True)
class Conditions:
    """What a project runs, and what its jobs need.

    Args:
        name: name of the project.
        recipe: the recipe.
        scale: ``full`` or ``subset``.
        arithmetic: ``original`` or ``framework``.
        host: label of the remote host in WHEEL.
        python: path of the Python on the compute nodes.
        data: the value of --data there.
        volumes: the volumes of Fugaku that jobs use, as PJM_LLIO_GFSCACHE takes them.
        group: the group that is charged; None if the host knows it.
    """

    name: str
    recipe: Recipe
    scale: str
    arithmetic: str
    host: str
    python: str
    data: str
    volumes: str
    group: Optional[str] = None

    def script(self, template: str, elapse: str = ELAPSE, **values: object) -> str:
        """A `run.sh`."""
        group = "" if self.group is None else f"#PJM -g {self.group}\n"
        own = {"python": self.python, "data": self.data, "recipe": self.recipe.name}
        quoted = {name: shlex.quote(text) for name, text in own.items()}
        known = {**quoted, "scale": self.scale, "arithmetic": self.arithmetic, "volumes": self.volumes, **values}
        text = (_template("head.sh") + _template(template)).replace("{{group}}\n", group)
        for name, value in {**known, "elapse": elapse}.items():
            text = text.replace(f"{{{{{name}}}}}", str(value))
        return text


def two_tasks(of: Conditions) -> Project:
    """The tutorial's two components, for seed 0."""
    train, estimate = _chain(of, 0, "")
    return _project(of, [train, estimate], _run("train", "estimate"))


def judged_seeds(of: Conditions, seeds: int, baselines: Mapping[str, str]) -> Project:
    """A chain for each seed from 0, and a component that judges all runs and makes a page of them."""
    tasks: List[Task] = []
    links: List[Link] = []
    for seed in range(seeds):
        train, estimate = _chain(of, seed, f"-{seed}")
        tasks += [train, estimate]
        results = ((train.name, FILE), (estimate.name, EVALUATION))
        links += _run(train.name, estimate.name)
        links += [Link(name, file, JUDGE, f"seed-{seed}/") for name, file in results]
    files = {SCRIPT: of.script("judge.sh"), f"{VERDICT}/gate.md": "Not judged yet.\n"}
    files.update({f"baselines/{path}": text for path, text in baselines.items()})
    text = "Judges the runs of all seeds by stored runs, and makes a page of them."
    judge = Task(JUDGE, text, files, VERDICT, (3 * _COLUMN, _ROW))
    return _project(of, [*tasks, judge], links)


def by_hand(of: Conditions) -> Project:
    """The tutorial's two components as scripts in plain Keras, which need TensorFlow and not this package."""
    scale = of.recipe.full if of.scale == "full" else of.recipe.subset
    data = "" if of.data == "mnist" else of.data
    values = {
        'DATA = ""': f"DATA = {json.dumps(data, ensure_ascii=False)}",
        "IMAGES = 60000": f"IMAGES = {scale.training_images}",
    }
    values["EPOCHS = 20"] = f"EPOCHS = {scale.budget.count}"
    tasks = []
    for place, (name, log, leaves) in enumerate((("train", TRAINING_LOG, WEIGHTS), ("estimate", EVALUATION_LOG, ""))):
        script = _template(f"{name}.py")
        for line, own in values.items():
            script = script.replace(f"\n{line}\n", f"\n{own}\n")
        run = of.script("plain.sh", log=log, script=f"{name}.py", remove=f"rm -f {leaves}\n" if leaves else "")
        text = f"The {name} component of the tutorial, in plain Keras."
        tasks.append(Task(name, text, {SCRIPT: run, f"{name}.py": script, log: ""}, log, ((place + 1) * _COLUMN, _ROW)))
    return _project(of, tasks, _run("train", "estimate")[:1])


def _project(of: Conditions, tasks: List[Task], links: List[Link]) -> Project:
    return Project(of.name, f"{of.recipe.name}, {of.scale} scale: {of.recipe.source.title}", of.host, tasks, links)


def _run(train: str, estimate: str) -> List[Link]:
    return [Link(train, name, estimate, name) for name in (WEIGHTS, FILE)]


def _chain(of: Conditions, seed: int, suffix: str) -> List[Task]:
    """Component one and component two of one seed."""
    large = parameter_count(lay_out(of.recipe.layers, of.recipe.input_shape)) > _LONG_TRAINING
    elapse = LONG_ELAPSE if large and of.scale == "full" else ELAPSE
    train, estimate = of.script("train.sh", elapse, seed=seed), of.script("estimate.sh")
    # The logs are there before the job begins: WHEEL waits for ever for a missing file, also if the job never began.
    return [
        Task(
            f"train{suffix}",
            f"Trains {of.recipe.name}, seed {seed}.",
            {SCRIPT: train, TRAINING_LOG: ""},
            _OF_TRAIN,
            (_COLUMN, (seed + 1) * _ROW),
        ),
        Task(
            f"estimate{suffix}",
            f"Scores the weights of seed {seed}.",
            {SCRIPT: estimate, EVALUATION_LOG: ""},
            _OF_ESTIMATE,
            (2 * _COLUMN, (seed + 1) * _ROW),
        ),
    ]


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
