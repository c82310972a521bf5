"""Which source a planted bug is made of, and one hash of it: results of an unchanged bug need not be measured again."""

from __future__ import annotations

import ast
import builtins
import hashlib
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set

_SHOWN = 12
_LIST = "BUGS"
# What a bug is called and where it is planted: `Bug`'s fields before ``plant``.
_TOLD = ("name", "sentence", "recipes")
_Named = Dict[str, List[ast.stmt]]


def digest(file: Path, bug: str) -> str:
    """12 hexadecimal digits that change with the code that a bug is made of; other bugs of the file do not count.

    Only to be compared on one version of Python: it is taken over syntax trees.

    Args:
        file: with the list of bugs.
        bug: name of one of them.
    """
    module = ast.parse(file.read_text(encoding="utf-8"))
    named = _by_name(module)
    planted = _planted(named.get(_LIST, []), bug)
    # A bug that is not written out in the list, or that takes names from who knows where: the whole file is its code.
    nodes = (_reached(planted, module, named) if planted else None) or [module]
    return hashlib.sha256("\n".join(map(ast.dump, nodes)).encode()).hexdigest()[:_SHOWN]


def _by_name(module: ast.Module) -> _Named:
    """The statements of the file by each name that they give; a name may come from several."""
    named: _Named = {}
    for node in module.body:
        for name in sorted(_given(node)):
            named.setdefault(name, []).append(node)
    return named


def _given(statement: ast.stmt) -> Set[str]:
    """The names that a statement of the file gives; of one with a block, those of its functions' variables besides."""
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
    """How a bug is planted, as ``Bug(name, sentence, recipes, plant)`` in the list has it; empty if it does not say."""
    entry = next((found for node in listed for found in [_entry(node, bug)] if found is not None), None)
    if entry is None or any(isinstance(each, ast.Starred) for each in entry.args):
        return []
    named = [keyword.value for keyword in entry.keywords if keyword.arg not in _TOLD]
    return [*entry.args[len(_TOLD) :], *named]


def _entry(listed: ast.stmt, bug: str) -> Optional[ast.Call]:
    for node in ast.walk(listed):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and name.value == bug:
            return node
    return None


def _reached(planted: Sequence[ast.expr], module: ast.Module, named: _Named) -> Optional[List[ast.AST]]:
    """How a bug is planted, and every statement of the file that this needs, directly or not; None if one is not there.

    A statement that gives no name may change what another one gave: it is needed by every bug.
    """
    found: List[ast.AST] = [*planted, *(node for node in module.body if not _given(node) and not _is_text(node))]
    seen: Set[str] = {_LIST}
    for node in found:
        bound = _bound(node)
        for name in sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - seen):
            if name in named:
                seen.add(name)
                found += [statement for statement in named[name] if statement not in found]
            elif name not in bound and not hasattr(builtins, name):
                return None
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
