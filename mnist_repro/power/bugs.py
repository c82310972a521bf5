"""Plants bugs in the code for a while: the `Bug` value, the list of bugs, and the replacement of functions."""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib.util
import re
import shlex
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, ContextManager, Iterator, Sequence, Set, Tuple
from unittest import mock

from mnist_repro.errors import BadInput

__all__ = ["Bug", "instead_of"]

# The file with the list of bugs in a checkout.
BUGS_FILE = Path(__file__).resolve().parents[2] / "tests" / "regression" / "planted_bugs.py"
_MODULE = "mnist_repro_planted_bugs"
# Python's exceptions for names that are missing, or that are used in a wrong form.
_MISFITS = (TypeError, AttributeError, ImportError, NameError)
# Python's message if a function is called with other arguments than it takes.
_REFUSED_CALL = re.compile(r"([\w<>]+)\(\) (?:takes|missing|got)\b")


@dataclass(frozen=True)
class Bug:
    """A realistic mistake, and the function that plants it in the code.

    Args:
        name: name of the bug on the command line.
        sentence: what goes wrong.
        recipes: names of the recipes on which it is planted.
        plant: returns a context; while it is open, the code has the bug.
    """

    name: str
    sentence: str
    recipes: Tuple[str, ...]
    plant: Callable[[], ContextManager[object]]


@contextlib.contextmanager
def instead_of(original: Callable[..., Any], replacement: Callable[..., Any]) -> Iterator[None]:
    """A context in which a function is replaced in every module of this package, as if its source were changed.

    Args:
        original: the function, as it is imported.
        replacement: takes the same arguments.

    Raises:
        LookupError: no module has the function, or it is replaced already.
    """
    name = original.__name__
    holders = [module for module in _our_modules() if vars(module).get(name) is original]
    if not holders:
        raise LookupError(f"no module of mnist_repro has {name}, or it has been replaced already")
    with contextlib.ExitStack() as stack:
        for module in holders:
            stack.enter_context(mock.patch.object(module, name, replacement))
        yield


@contextlib.contextmanager
def all_of(*contexts: ContextManager[object]) -> Iterator[None]:
    """Open several contexts as one."""
    with contextlib.ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        yield


@contextlib.contextmanager
def planted(bug: Bug, file: Path) -> Iterator[None]:
    """Plant a bug in the code while the block runs.

    Raises:
        BadInput: the bug was written for other code: an error occurred when it was planted or called.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(bug.plant())
        except (*_MISFITS, LookupError) as error:
            raise _misfit(bug, file, error) from error
        try:
            yield
        except _MISFITS as error:
            if no_longer_fits(error):
                raise _misfit(bug, file, error) from error
            raise


def no_longer_fits(error: BaseException) -> bool:
    """Whether a planted bug's own code, or a call of it, raised the error, and not the code that it changes."""
    if not isinstance(error, _MISFITS):
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    in_bug = bool(frames) and frames[-1].f_globals.get("__name__") == _MODULE
    return in_bug or bool(set(_REFUSED_CALL.findall(str(error))) & _planted_names())


def read_bugs(file: Path = BUGS_FILE) -> Tuple[Bug, ...]:
    """The list ``BUGS`` of a Python file.

    Raises:
        BadInput: the file or the list in it is missing, or two bugs have the same name.
    """
    if not file.is_file():
        raise BadInput(
            f"{file} is {'no file' if file.exists() else 'not there'}",
            "the planted bugs are part of the tests, which an installed package does not have",
            "run it in a checkout of the project without --bugs, or name a file that is there: --bugs FILE",
        )
    spec = importlib.util.spec_from_file_location(_MODULE, str(file))
    if spec is None or spec.loader is None:
        raise BadInput(f"{file} is no Python file", "its name ends in .py", "leave --bugs out for the project's own")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(_MODULE)
    # TensorFlow finds the source of a function that it compiles through `sys.modules`.
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's file may raise anything
        sys.modules.pop(_MODULE)
        if before is not None:
            sys.modules[_MODULE] = before
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadInput(
            f"{file} cannot be imported",
            f"it is Python that defines BUGS, a tuple of mnist_repro.power.bugs.Bug: {what}",
            f"python {shlex.quote(str(file))} shows where; or leave --bugs out for the project's own",
        ) from error
    bugs = getattr(module, "BUGS", None)
    if not isinstance(bugs, tuple) or not bugs or not all(isinstance(bug, Bug) for bug in bugs):
        raise BadInput(
            f"{file} has no tuple BUGS with a bug in it",
            "it lists the bugs to plant",
            "leave --bugs out for the project's own",
        )
    _require_different_names(bugs, file)
    return bugs


def find_bug(bugs: Sequence[Bug], name: str) -> Bug:
    """The bug with this name.

    Raises:
        BadInput: there is no such bug; the message names the nearest name.
    """
    for bug in bugs:
        if bug.name == name:
            return bug
    names = [bug.name for bug in bugs]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    fix = f"type {near[0] if near else names[0]} in its place"
    raise BadInput(f"unknown bug {name!r}", f"the planted bugs are {', '.join(names)}", fix)


def _require_different_names(bugs: Sequence[Bug], file: Path) -> None:
    names = [bug.name for bug in bugs]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise BadInput(f"{file} has two bugs called {doubled}", "results are kept by name", "rename one of them")


def _misfit(bug: Bug, file: Path, error: Exception) -> BadInput:
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return BadInput(
        f"the bug {bug.name} does not fit the code",
        f"{file} plants it in functions of this package, which have changed, so that the bug cannot be planted: {what}",
        "mend it there, or name the others: --bug NAME",
    )


def _planted_names() -> Set[str]:
    """The names of the functions in the file of the bugs."""
    file = getattr(sys.modules.get(_MODULE), "__file__", None)
    code = ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))) if file else ()
    return {getattr(node, "name", "<lambda>") for node in code if isinstance(node, (ast.FunctionDef, ast.Lambda))}


def _our_modules() -> Sequence[ModuleType]:
    package = __name__.partition(".")[0]
    return [module for name, module in list(sys.modules.items()) if name == package or name.startswith(f"{package}.")]
