"""Sphinx extension: where a page says `<!-- generated: NAME -->`, puts what the code says, as Markdown.

`python docs/_ext/from_code.py NAME` prints the same; without a name, the names.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2])]

import said_by_code  # noqa: E402
import said_by_parsers  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GENERATORS: Mapping[str, Callable[[], str]] = {
    "mnist-repro": said_by_parsers.mnist_repro_commands,
    "pjm": said_by_parsers.pjm_commands,
    "mnist-repro-options": said_by_parsers.mnist_repro_options,
    "pjm-options": said_by_parsers.pjm_options,
    "pjm-configuration": said_by_parsers.pjm_configuration,
    "mnist-repro-configuration": said_by_parsers.mnist_repro_configuration,
    "gate-baselines": said_by_parsers.gate_commands,
    "gate-options": said_by_parsers.gate_options,
    "gate-configuration": said_by_parsers.gate_configuration,
    "mark": said_by_code.mark,
    "exit-codes": said_by_code.exit_codes,
    "events": said_by_code.events,
    "job-endings": said_by_code.job_endings,
    "reasons": said_by_code.reasons,
    "slurm-states": said_by_code.slurm_states,
    "slurm-reasons": said_by_code.slurm_reasons,
    "mnist-repro-messages": said_by_code.mnist_repro_messages,
    "pjm-messages": said_by_code.pjm_messages,
    "recipes": said_by_code.recipes,
}
_PLACE = re.compile(r"^<!-- generated: (\S+) -->$", re.MULTILINE)


def expanded(text: str) -> str:
    """A page with what the code says in its places.

    Raises:
        KeyError: a place names nothing that can be generated.
    """
    return _PLACE.sub(lambda place: GENERATORS[place[1]](), text)


def setup(app: Sphinx) -> Dict[str, bool]:
    """What Sphinx calls."""
    app.connect("source-read", _expand)
    app.connect("autodoc-process-docstring", _name_the_error, priority=400)  # before Napoleon's, at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _expand(app: Sphinx, page: str, source: List[str]) -> None:
    source[0] = expanded(source[0])


def _name_the_error(app: Sphinx, kind: str, name: str, value: object, options: object, lines: List[str]) -> None:
    """Each package has a `BadInput` of its own: link to the right one."""
    package = name.partition(".")[0]
    lines[:] = [re.sub(r"^( +)BadInput:", rf"\1~{package}.errors.BadInput:", line) for line in lines]


if __name__ == "__main__":
    asked = sys.argv[1:]
    print("\n".join(GENERATORS[name]() for name in asked) if asked else "\n".join(GENERATORS))
