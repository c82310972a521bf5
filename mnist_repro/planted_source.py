"""Which source a planted bug is made of, and one hash of it: results of an unchanged bug need not be measured again."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import Dict, List, Optional

_SHOWN = 12
_LIST = "BUGS"


def digest(file: Path, bug: str) -> str:
    """12 hexadecimal digits that change with the code that a bug is made of; other bugs of the file do not count.

    Only to be compared on one version of Python: it is taken over syntax trees.

    Args:
        file: with the list of bugs.
        bug: name of one of them.
    """
    module = ast.parse(file.read_text(encoding="utf-8"))
    named = _by_name(module)
    entry = _entry(named.get(_LIST), bug)
    # A bug that is not written out in the list: the whole file is taken for its code.
    nodes = [module] if entry is None else _reached(entry, named)
    return hashlib.sha256("\n".join(map(ast.dump, nodes)).encode()).hexdigest()[:_SHOWN]


def _by_name(module: ast.Module) -> Dict[str, ast.stmt]:
    """Each statement of the file by the name that it defines."""
    named: Dict[str, ast.stmt] = {}
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            named[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named[node.target.id] = node
        elif isinstance(node, ast.Assign):
            named.update({target.id: node for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            named.update({(alias.asname or alias.name).partition(".")[0]: node for alias in node.names})
    return named


def _entry(listed: Optional[ast.stmt], bug: str) -> Optional[ast.Call]:
    """``Bug(name, sentence, recipes, plant)`` in the list."""
    for node in ast.walk(listed) if listed is not None else ():
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and name.value == bug:
            return node
    return None


def _reached(entry: ast.Call, named: Dict[str, ast.stmt]) -> List[ast.AST]:
    """How a bug is planted, and every statement of the file that this needs, directly or not."""
    found: List[ast.AST] = list(entry.args[3:])
    seen: Dict[str, ast.stmt] = {}
    for node in found:
        for name in sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)}):
            if name in named and name not in seen and name != _LIST:
                seen[name] = named[name]
                found.append(named[name])
    return found
