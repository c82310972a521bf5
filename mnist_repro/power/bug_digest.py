"""Hashes the source of a planted bug, so that an unchanged bug is not measured again."""

from __future__ import annotations

import ast
import builtins
import hashlib
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set

_SHOWN = 12
_LIST = "BUGS"
# `Bug`'s fields before ``plant``; they do not change the behaviour of a bug.
_DESCRIPTION = ("name", "sentence", "recipes")
_Named = Dict[str, List[ast.stmt]]


def digest(file: Path, bug: str) -> str:
    """12 hexadecimal digits that change with the code of a bug; other bugs of the file do not count.

    Digests are comparable only within one version of Python, because they are hashes of syntax trees.

    Args:
        file: the file with the list of bugs.
        bug: name of the bug.
    """
    module = ast.parse(file.read_text(encoding="utf-8"))
    named = _by_name(module)
    planted = _planted(named.get(_LIST, []), bug)
    # If the list does not contain the bug literally, or the bug uses unknown names, hash the whole file.
    nodes = (_reached(planted, module, named) if planted else None) or [module]
    return hashlib.sha256("\n".join(map(ast.dump, nodes)).encode()).hexdigest()[:_SHOWN]


def _by_name(module: ast.Module) -> _Named:
    """The statements of the file by the names that they define; several statements may define one name."""
    named: _Named = {}
    for node in module.body:
        for name in sorted(_given(node)):
            named.setdefault(name, []).append(node)
    return named


def _given(statement: ast.stmt) -> Set[str]:
    """The names that a statement of the file defines. For a block, variables in its functions are included."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return _bound(statement)


def _bound(code: ast.AST) -> Set[str]:
    """Every name that is bound anywhere in some code: variables, arguments, functions, classes, imports."""
    names: Set[str] = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            names.update([node.name] if node.name else [])
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def _planted(listed: Sequence[ast.stmt], bug: str) -> List[ast.expr]:
    """The ``plant`` expressions of a bug, from its ``Bug(name, sentence, recipes, plant)``; empty if there are none."""
    entry = next((call for node in listed for call in [_entry(node, bug)] if call is not None), None)
    if entry is None or any(isinstance(each, ast.Starred) for each in entry.args):
        return []
    named = [keyword.value for keyword in entry.keywords if keyword.arg not in _DESCRIPTION]
    return [*entry.args[len(_DESCRIPTION) :], *named]


def _entry(listed: ast.stmt, bug: str) -> Optional[ast.Call]:
    for node in ast.walk(listed):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and name.value == bug:
            return node
    return None


def _reached(planted: Sequence[ast.expr], module: ast.Module, named: _Named) -> Optional[List[ast.AST]]:
    """The ``plant`` expressions and every statement that they need, also indirectly; None if a statement is missing.

    A statement that defines no name may change an object of another statement, so every bug needs it.
    """
    nodes: List[ast.AST] = [*planted, *(node for node in module.body if not _given(node) and not _is_text(node))]
    resolved: Set[str] = {_LIST}
    for node in nodes:
        bound = _bound(node)
        for name in sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - resolved):
            if name in named:
                resolved.add(name)
                nodes += [statement for statement in named[name] if statement not in nodes]
            elif name not in bound and not hasattr(builtins, name):
                return None
    return nodes


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
