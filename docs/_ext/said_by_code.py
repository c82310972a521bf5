"""Marks, exit codes, messages and recipes, from the values and the source that they are made of."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from markdown_text import code, plain, table

if TYPE_CHECKING:
    from pjm.batch.cause import Cause

ROOT = Path(__file__).resolve().parents[2]

_SAY = ("BadInput", "_refusal")


class Message(NamedTuple):
    """A message for a user; the program replaces ‹name› by a value."""

    module: str
    what: str
    why: str
    fix: str


def mark() -> str:
    """The arguments of the mark `fugaku`."""
    from pjm.elapse import elapse_text
    from pjm.marks.mark import EXAMPLE, KEYS, Defaults
    from pytest_pjm import HELP

    about = {
        "nodes": ("number of compute nodes, a whole number of at least 1", "1"),
        "elapse": (
            "limit of the test's running time: hours:minutes:seconds, `1h30m`, or whole seconds",
            f"`fugaku_elapse`, else {elapse_text(Defaults().elapse)}",
        ),
        "rscgrp": ("resource group", "`fugaku_rscgrp`, else the site's"),
        "env": ("environment variables of its job; names that begin with `PJM_` are PJM's own", "none"),
        "after": ("a test that must pass first, by name or node id; it must be marked, too", "none"),
        "together": (
            "a name: all tests with this name run in one job, in their order, also tests of several classes or files; "
            "`False`: the tests of a class may run in several jobs",
            "a class runs in one job, unless its tests request different resources or took too long before",
        ),
        "cpus": ("processors of each node (Slurm only)", "the site's"),
        "mem": ("memory of each node, such as `4G` (Slurm only)", "the site's"),
        "gres": ("other resources of each node, such as `gpu:1` (Slurm only)", "none"),
        "ranks": ("processes of MPI, on all nodes together, that run the test", "one process, without MPI"),
    }
    rows = [(code(key), about[key][0], about[key][1]) for key in KEYS]
    return f"```python\n{EXAMPLE}\n```\n\n{plain(HELP)}\n\n{table(('argument', 'what it is', 'default'), rows)}"


def exit_codes() -> str:
    """Of `mnist-repro`."""
    from mnist_repro.errors import ExitCode

    lines = (ExitCode.__doc__ or "").splitlines()
    found = [re.match(r" *([A-Z_]+) +(\d+) +(.+)$", line) for line in lines]
    return table(("exit code", "meaning"), [(each[2], plain(each[3])) for each in found if each])


def events() -> str:
    """The kinds of lines in events.jsonl, with the comments beside their names."""
    source = (ROOT / "pjm" / "job" / "events.py").read_text(encoding="utf-8")
    found = re.findall(r'^[A-Z_]+ = "([a-z-]+)"(?:  # (.+))?$', source, re.MULTILINE)
    return table(("event", "what it says"), [(code(name), plain(text or "see its name")) for name, text in found])


def job_endings() -> str:
    """PJM codes: what happened, what to do, and whether it is tried again."""
    from pjm.batch.pjm.codes import CODE_NAMES, CODES

    return _causes(
        {(str(number), plain(CODE_NAMES[number])): cause for number, cause in CODES.items()}, "PC", "PJM calls it"
    )


def reasons() -> str:
    """PJM's reasons, with what follows from each."""
    from pjm.batch.pjm.codes import REASONS

    return _causes({(code(start),): cause for start, cause in REASONS}, "REASON begins with")


def slurm_states() -> str:
    """The states in which Slurm's jobs end."""
    from pjm.batch.slurm.codes import ENDS

    return _causes({(code(name),): cause for name, cause in ENDS.items()}, "state")


def slurm_reasons() -> str:
    """Reasons for which Slurm's jobs wait for ever."""
    from pjm.batch.slurm.codes import NEVER

    return _causes({(code(name),): cause for name, cause in NEVER.items()}, "reason")


def _causes(causes: Mapping[Tuple[str, ...], Cause], *headings: str) -> str:
    from pjm.batch.cause import ELAPSE

    rows = []
    for names, cause in causes.items():
        again = "what it had no time for" if cause is ELAPSE else "yes" if cause.retry else "no"
        advice = cause.advice.replace("{longer}", "twice the limit")
        rows.append((*names, plain(cause.meaning), plain(advice), again))
    return table((*headings, "what happened to the job", "what to do", "tried again"), rows)


def recipes() -> str:
    """The recipes, with their budgets and published figures."""
    from mnist_repro.display import counted
    from mnist_repro.recipes import RECIPES

    rows = []
    for name, recipe in RECIPES.items():
        unit = recipe.full.budget.unit
        figures = []
        for each in recipe.published:
            for metric, value in each.test.items():
                others = f" (also printed: {each.also_printed[metric]:.6g})" if metric in each.also_printed else ""
                figures.append(f"{metric} {value:.6g} after {counted(each.after, unit)}{others}")
        budget = f"{counted(recipe.full.budget.count, unit)} of batch {recipe.batch_size}"
        source = (plain(recipe.source.title), plain(recipe.source.environment))
        rows.append((code(name), *source, budget, ", ".join(figures)))
    return table(("recipe", "source", "its software", "budget", "published on the test images"), rows)


def mnist_repro_messages() -> str:
    """Every message of `mnist-repro` that ends with exit code 2."""
    return _messages("mnist_repro")


def pjm_messages() -> str:
    """Every message of `pjm` and `pytest --fugaku` that ends with exit code 2 (4 from pytest)."""
    return _messages("pjm", "pytest_pjm.py")


def _messages(package: str, *modules: str) -> str:
    rows = []
    for file in sorted([*(ROOT / package).rglob("*.py"), *(ROOT / module for module in modules)]):
        for message in _in_module(file):
            rows.append((plain(message.what), plain(message.why), plain(message.fix)))
    return table(("what happened", "why", "what to do"), sorted(set(rows)))


def _in_module(file: Path) -> Iterator[Message]:
    module = file.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAY:
            texts = [_text(argument) for argument in node.args]
            if len(texts) == 3 and texts[0] is not None and any(word.isalpha() for word in texts[0].split()):
                yield Message(module, *(text or "(as the case is)" for text in texts))


def _text(node: ast.expr) -> Optional[str]:
    """A string, with ‹name› for what is put in; None if it is no string of its own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(value) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return f"{left or '‹…›'}{right or '‹…›'}"
    if isinstance(node, ast.IfExp):
        either: List[str] = [text for text in (_text(node.body), _text(node.orelse)) if text]
        return " / ".join(either) or None
    return None


def _piece(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.FormattedValue):
        return f"‹{_name(value.value)}›"
    return ""


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id.strip("_").replace("_", " ")
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").replace("_", " ")
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "…"
