"""A project of WHEEL as values and as files: prj.wheel.json, and a folder with cmp.wheel.json for each component. Pure.

The format, and what WHEEL does with it, was read from RIKEN-RCCS/OPEN-WHEEL 274786a6 (2026-08-08).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from mnist_repro.files.json import json_text

PROJECT, COMPONENT, SCRIPT = "prj.wheel.json", "cmp.wheel.json", "run.sh"
TASK = "task"
JUDGE = "judge"
# Version 2 and older would be converted when WHEEL reads them.
VERSION = 2.1
# Shown by WHEEL and nowhere used. The same in all projects, so that equal projects are equal files.
WHEN = "2026/01/01-00:00:00"
_ROOT_PARENT = "this is root"
_NOT_STARTED = "not-started"
_KEEP, _AS_PARENT = 1, 2


@dataclass(frozen=True)
class Task:
    """A component that runs a script as a batch job.

    Args:
        name: letters, digits, ``_`` and ``-``; also the name of its folder.
        description: shown by WHEEL.
        files: text by name; `SCRIPT` is among them.
        fetched: the file, folder or pattern that WHEEL fetches after success. One: with two, WHEEL and the rsync of
            Debian 12 fetch none.
        place: (x, y) in WHEEL's drawing.
    """

    name: str
    description: str
    files: Mapping[str, str]
    fetched: str
    place: Tuple[int, int]


@dataclass(frozen=True)
class Link:
    """A file that one task hands to another on the host.

    Args:
        source: name of the task that makes it.
        output: its name there.
        target: name of the task that needs it.
        input: its name there; a folder if it ends in ``/``.
    """

    source: str
    output: str
    target: str
    input: str


@dataclass(frozen=True)
class Project:
    """A project, none of whose components has started.

    Args:
        name: letters, digits, ``_`` and ``-``; its folder is NAME.wheel.
        description: shown by WHEEL.
        host: the label of a remote host in WHEEL.
        tasks: the components.
        links: the files between them.
    """

    name: str
    description: str
    host: str
    tasks: Sequence[Task]
    links: Sequence[Link] = field(default_factory=tuple)

    def files(self) -> Dict[str, str]:
        """Every file of the project's folder, text by path."""
        fields = {
            "version": VERSION,
            "name": self.name,
            "description": self.description,
            "state": _NOT_STARTED,
            "root": "./",
            "ctime": WHEN,
            "mtime": WHEN,
            "componentPath": {self._id(""): "./", **{self._id(each.name): f"./{each.name}" for each in self.tasks}},
        }
        # WHEEL adds the line if it is missing, and wants an identity of git for that.
        files = {".gitignore": "wheel.log\n", PROJECT: json_text(fields), COMPONENT: json_text(self._root())}
        for task in self.tasks:
            files[f"{task.name}/{COMPONENT}"] = json_text(self._component(task))
            files.update({f"{task.name}/{name}": text for name, text in task.files.items()})
        return files

    def _id(self, task: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mnist-repro:{self.name}/{task}"))

    def _root(self) -> Dict[str, Any]:
        return {
            **_common(self._id(""), _ROOT_PARENT, self.name, self.description, (0, 0)),
            "type": "workflow",
            "cleanupFlag": _KEEP,
        }

    def _component(self, task: Task) -> Dict[str, Any]:
        return {
            **_common(self._id(task.name), self._id(""), task.name, task.description, task.place),
            "type": TASK,
            "cleanupFlag": _AS_PARENT,
            "inputFiles": _ends(
                [(each.input, {"srcNode": self._id(each.source), "srcName": each.output}) for each in self._to(task)],
                "src",
            ),
            "outputFiles": _ends(
                [(each.output, {"dstNode": self._id(each.target), "dstName": each.input}) for each in self._of(task)],
                "dst",
            ),
            "script": SCRIPT,
            "host": self.host,
            "useJobScheduler": True,
            "queue": None,
            "submitOption": None,
            "include": [task.fetched],
            "exclude": [],
            "retry": None,
            "retryCondition": None,
            "ignoreFailure": False,
        }

    def _to(self, task: Task) -> List[Link]:
        return [each for each in self.links if each.target == task.name]

    def _of(self, task: Task) -> List[Link]:
        return [each for each in self.links if each.source == task.name]


def _common(identity: str, parent: str, name: str, description: str, place: Tuple[int, int]) -> Dict[str, Any]:
    return {
        "ID": identity,
        "parent": parent,
        "name": name,
        "description": description,
        "pos": {"x": place[0], "y": place[1]},
        "env": {},
        "disable": False,
        "state": _NOT_STARTED,
        "previous": [],
        "next": [],
        "inputFiles": [],
        "outputFiles": [],
    }


def _ends(pairs: Sequence[Tuple[str, Dict[str, str]]], side: str) -> List[Dict[str, Any]]:
    """The links at one side of a component: each file name once, with all that it is linked to."""
    names = dict.fromkeys(name for name, _ in pairs)
    return [{"name": name, side: [end for each, end in pairs if each == name]} for name in names]
