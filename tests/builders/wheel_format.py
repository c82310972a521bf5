"""WHEEL's format on disk as a schema of our own, and its ways to open and import a project, for tests.

From reading RIKEN-RCCS/OPEN-WHEEL 274786a6: db/jsonSchemas.js, lib/utility.js, core/validateComponents.js,
core/importProject.js and core/gitOperator2.js of server/app.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

NAME = re.compile(r"[a-zA-Z0-9_-]+")
INPUT_NAME = re.compile(r"[a-zA-Z0-9/\\._{}-]+")
OUTPUT_NAME = re.compile(r"[a-zA-Z0-9/\\*?\[\]{}()!+@._-]+")
MOMENT = re.compile(r"\d{4}/\d\d/\d\d-\d\d:\d\d:\d\d")

Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def only(*values: Any) -> Check:
    return lambda value: any(value is each or (value == each and type(value) is type(each)) for each in values)


def like(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def place(value: Any) -> bool:
    numbers = (
        isinstance(value, dict)
        and {"x", "y"} == set(value)
        and all(isinstance(v, (int, float)) for v in value.values())
    )
    return bool(numbers)


def ends(side: str, name: re.Pattern[str]) -> Check:
    """Files at one side of a component: each has its name and what it is linked to."""
    fields = {f"{side}Node", f"{side}Name"}

    def check(value: Any) -> bool:
        return isinstance(value, list) and all(
            {"name", side} == set(each)
            and like(name)(each["name"])
            and all(fields == set(link) and texts(list(link.values())) for link in each[side])
            for each in value
        )

    return check


PROJECT: Mapping[str, Check] = {
    "version": only(2.1),
    "name": like(NAME),
    "description": text,
    "state": only("not-started"),
    "root": text,
    "ctime": like(MOMENT),
    "mtime": like(MOMENT),
    "componentPath": lambda value: isinstance(value, dict) and texts(list(value.values())),
}
COMPONENT: Mapping[str, Check] = {
    "ID": text,
    "parent": text,
    "name": like(NAME),
    "description": text_or_null,
    "pos": place,
    "env": only({}),
    "disable": only(False),
    "state": only("not-started"),
    "previous": only([]),
    "next": only([]),
    "inputFiles": ends("src", INPUT_NAME),
    "outputFiles": ends("dst", OUTPUT_NAME),
    "cleanupFlag": only(0, 1, 2),
}
ROOT: Mapping[str, Check] = {**COMPONENT, "type": only("workflow")}
TASK: Mapping[str, Check] = {
    **COMPONENT,
    "type": only("task"),
    "script": text,
    "host": text,
    "useJobScheduler": only(True),
    "queue": text_or_null,
    "submitOption": text_or_null,
    # Strings; and one at most, because rsync 3.5.0 takes two for one name.
    "include": lambda value: texts(value) and len(value) < 2,
    "exclude": texts,
    "retry": only(None),
    "retryCondition": only(None),
    "ignoreFailure": only(False),
}


def read(file: Path) -> Dict[str, Any]:
    fields: Dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return fields


def complaints(folder: Path) -> List[str]:
    """What WHEEL would stumble over in a project that nobody has run, in a line each."""
    project = read(folder / "prj.wheel.json")
    found = list(_fields("prj.wheel.json", project, PROJECT))
    paths = {identity: Path(path) for identity, path in project["componentPath"].items()}
    components = {identity: read(folder / path / "cmp.wheel.json") for identity, path in paths.items()}
    root = next(identity for identity, path in paths.items() if path == Path())
    found += [] if f"{project['name']}.wheel" == folder.name else [f"{folder.name} holds {project['name']}"]
    files = {file.parent.relative_to(folder) for file in folder.rglob("cmp.wheel.json")}
    found += [] if files == set(paths.values()) else ["componentPath is not the components that there are"]
    found += (
        [] if "wheel.log" in (folder / ".gitignore").read_text(encoding="utf-8") else ["no wheel.log in .gitignore"]
    )
    for identity, fields in components.items():
        where = paths[identity].as_posix()
        found += _fields(where, fields, ROOT if identity == root else TASK)
        found += [] if fields["ID"] == identity else [f"{where}: its ID is another one"]
        found += [] if fields["parent"] == ("this is root" if identity == root else root) else [f"{where}: parent"]
        if identity != root:
            found += [] if fields["name"] == where else [f"{where}: its folder is not its name"]
            found += [] if (folder / where / str(fields["script"])).is_file() else [f"{where}: no script"]
            found += _links(where, identity, fields, components)
    return found


def _fields(where: str, fields: Mapping[str, Any], schema: Mapping[str, Check]) -> Iterator[str]:
    yield from (f"{where}: {name} is missing" for name in schema if name not in fields)
    yield from (f"{where}: {name} is not of the format" for name in fields if name not in schema)
    yield from (
        f"{where}: {name}={fields[name]!r}" for name in schema if name in fields and not schema[name](fields[name])
    )


def _links(where: str, identity: str, fields: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[str]:
    """Links that stand on one side only, and files with several sources."""
    for file in fields["outputFiles"]:
        for link in file["dst"]:
            back = {"srcNode": identity, "srcName": file["name"]}
            target = components.get(link["dstNode"], {"inputFiles": []})
            if not any(each["name"] == link["dstName"] and back in each["src"] for each in target["inputFiles"]):
                yield f"{where}: {file['name']} is sent to nobody who expects it"
    for file in fields["inputFiles"]:
        if len(file["src"]) > 1 and not file["name"].endswith("/"):
            yield f"{where}: {file['name']} has several sources and is no folder"
        for link in file["src"]:
            forth = {"dstNode": identity, "dstName": file["name"]}
            source = components.get(link["srcNode"], {"outputFiles": []})
            if not any(each["name"] == link["srcName"] and forth in each["dst"] for each in source["outputFiles"]):
                yield f"{where}: {file['name']} is expected from nobody who sends it"


def git(folder: Path, *words: str) -> str:
    """As WHEEL's user without any settings."""
    empty = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    ended = subprocess.run(
        ["/usr/bin/env", "git", *words],
        cwd=folder,
        env=empty,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stdout
    return ended.stdout


def open_folder(folder: Path) -> None:
    """As WHEEL opens a folder without `.git`: it makes a repository of it."""
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "wheel")
    git(folder, "config", "user.email", "wheel@example.com")
    git(folder, "add", "--", ".")
    git(folder, "commit", "--quiet", "-m", "create new project")


def import_archive(archive: Path, parent: Path, host: str = "") -> Path:
    """As WHEEL imports a .tgz: unpack without the top folder, name the host, commit what is staged, clone."""
    unpacked = parent / "unpacked"
    unpacked.mkdir(parents=True)
    subprocess.run(
        ["/usr/bin/env", "tar", "-xzf", str(archive), "-C", str(unpacked), "--strip-components=1"], check=True
    )
    imported = _adopt(unpacked, parent, host)
    git(imported, "remote", "rm", "origin")
    return imported


def import_repository(url: str, parent: Path, host: str = "") -> Path:
    """As WHEEL imports from a git repository."""
    cloned = parent / "cloned"
    parent.mkdir(parents=True, exist_ok=True)
    git(parent, "clone", "--quiet", "--depth=1", url, str(cloned))
    return _adopt(cloned, parent, host)


def _adopt(source: Path, parent: Path, host: str) -> Path:
    project = parent / f"{read(source / 'prj.wheel.json')['name']}.wheel"
    states = [file for file in source.rglob("*.wheel.json") if read(file)["state"] != "not-started"]
    assert [] == states, "WHEEL would ask to rewind these"
    for file in source.rglob("cmp.wheel.json") if host else ():
        fields = read(file)
        if fields["type"] == "task":
            file.write_text(json.dumps({**fields, "host": host}, indent=4), encoding="utf-8")
            git(source, "add", "--", str(file))
    git(source, "config", "user.name", "wheel")
    git(source, "config", "user.email", "wheel@example.com")
    if host:
        git(source, "commit", "--quiet", "-m", "import project")
    git(parent, "clone", "--quiet", "--depth=1", f"file://{source}", str(project))
    shutil.rmtree(source)
    return project


def contents(folder: Path, without: Sequence[str] = (".git",)) -> Dict[str, str]:
    """The files of a project by path."""
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not set(without) & set(file.relative_to(folder).parts)
    }
