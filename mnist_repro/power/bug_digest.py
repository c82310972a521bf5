"""Hashes the source of a planted bug, so that an unchanged bug is not measured again."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import List, Optional, Sequence, Set

DIGITS = 12
_LIST = "BUGS"


def digest(file: Path, bug: str) -> str:
    """12 hexadecimal digits that change with the code of a bug; other bugs of the file do not count.

    Digests are comparable only within one version of Python, because they are hashes of syntax trees.

    Args:
        file: the file with the list of bugs.
        bug: name of the bug. If the list does not name it literally, the whole file is hashed.
    """
    module = ast.parse(file.read_text(encoding="utf-8"))
    entries = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _may_be_entry(node, bug)]
    nodes = _needed(entries, module) if entries else [module]
    return hashlib.sha256("\n".join(map(ast.dump, nodes)).encode()).hexdigest()[:DIGITS]


def _may_be_entry(call: ast.Call, bug: str) -> bool:
    """Whether this may be the ``Bug(name, sentence, recipes, plant)`` of a bug; another function may take its name."""
    names = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    return any(isinstance(name, ast.Constant) and name.value == bug for name in names)


def _needed(entries: Sequence[ast.Call], module: ast.Module) -> List[ast.AST]:
    """The arguments of the entries of a bug, and every statement that they need, also indirectly.

    Constant arguments, such as the sentence, do not count. A statement that defines no name may change an object of
    another statement, so every bug needs it.
    """
    others = [node for node in module.body if _LIST not in _defined(node) and not _is_text(node)]
    arguments = [node for entry in entries for node in (*entry.args, *entry.keywords) if _used(node)]
    waiting: List[ast.AST] = [*arguments, *(node for node in others if not _defined(node))]
    needed: List[ast.AST] = []
    while waiting:
        node = waiting.pop(0)
        if node not in needed:
            needed.append(node)
            waiting += [other for other in others if _defined(other) & _used(node)]
    return needed


def _used(code: ast.AST) -> Set[str]:
    return {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}


def _defined(statement: ast.stmt) -> Set[str]:
    """The names that a statement of the file defines. For a block, variables in its functions are included."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return {name for node in ast.walk(statement) for name in [_bound(node)] if name}


def _bound(node: ast.AST) -> Optional[str]:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    if isinstance(node, ast.alias):
        return (node.asname or node.name).partition(".")[0]
    return node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else None


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
