"""The marks of a test are merged before they are held against what a resource group allows."""

from __future__ import annotations

import os
from typing import Dict

import pytest

from pjm.batch.scheduler import Resources
from pjm.errors import BadInput
from pjm.marks.mark import FUGAKU_LIMITS, Defaults, read_limits
from pjm.marks.marks import MarkedTest, wishes

DEFAULTS = Defaults(limits=read_limits(FUGAKU_LIMITS, "Fugaku's limits"))


MARKS = {
    "fugaku(node=1)": "unknown argument 'node'",
    "fugaku('1')": "has the argument '1' without a name",
    "fugaku(elapse='1x')": "elapse='1x'",
    "fugaku(nodes=385, rscgrp='small')": "asks for 385 nodes of the resource group small",
    "fugaku(elapse='73:00:00', rscgrp='small')": "at most 72:00:00",
    "fugaku(env={'PJM_NODE': '3'})": "PJM_NODE",
    "fugaku(after='test_missing')": "no such test was collected and selected",
    "fugaku(after='test_it')": "in a circle",
    "fugaku(after='test_unmarked')": "is not marked",
    "fugaku(nodes=1)\n@pytest.mark.fugaku(nodes=2)": "two marks fugaku that exclude each other",
    "fugaku(together='a', nodes=2)": "test_marked at ",
    "fugaku(together='b', after='test_waited_for')": "which makes a job's step of its own",
}


OTHERS = """\
def test_unmarked():
    pass

@pytest.mark.fugaku(together='a')
def test_marked():
    pass

@pytest.mark.fugaku
def test_waited_for():
    pass"""


def wished(pytester: pytest.Pytester, above: str, mark: str) -> Dict[str, MarkedTest]:
    pytester.plugins = ["pjm.plugin"]  # which knows the mark
    text = f"import pytest\n\n{above}\n\n@pytest.mark.{mark}\ndef test_it():\n    pass\n"
    return wishes(pytester.getitems(text), DEFAULTS)


def test_one_mark_may_name_the_group_and_another_one_the_nodes(pytester: pytest.Pytester) -> None:
    (wish,) = wished(pytester, "pytestmark = pytest.mark.fugaku(rscgrp='large')", "fugaku(nodes=400)").values()

    assert Resources(400, 1800, "large") == wish.resources


def test_marks_that_are_too_much_only_together_are_refused_at_the_test(pytester: pytest.Pytester) -> None:
    with pytest.raises(BadInput) as refusal:
        wished(pytester, "pytestmark = pytest.mark.fugaku(rscgrp='small')", "fugaku(nodes=400)")

    assert refusal.value.what.endswith(".py:5: the mark fugaku asks for 400 nodes of the resource group small")


@pytest.mark.parametrize(("mark", "words"), MARKS.items())
def test_a_mark_that_cannot_be_meant_is_refused_at_its_test(pytester: pytest.Pytester, mark: str, words: str) -> None:
    with pytest.raises(BadInput) as refusal:
        wished(pytester, OTHERS, mark)

    assert ".py:14: " in refusal.value.what
    assert words in f"{refusal.value.what} {refusal.value.why}"


@pytest.mark.parametrize("root", ["..", "."])
def test_what_to_select_is_typed_in_the_current_folder_and_keeps_the_batch_system(
    pytester: pytest.Pytester, root: str
) -> None:
    text = "import pytest\n@pytest.mark.fugaku\ndef test_a(): pass\n"
    text += "@pytest.mark.fugaku(after='test_a')\ndef test_b(): pass"
    pytester.makepyfile(test_it=text)
    os.chdir(pytester.mkdir("inner"))

    words = ("-p", "pjm.plugin", "--fugaku-emulate", f"--rootdir={root}", "../test_it.py::test_b")
    out = pytester.runpytest(*words).stderr.str()

    assert "select both, as with: pytest --fugaku-emulate ../test_it.py::test_a ../test_it.py::test_b" in out


def test_a_test_whose_file_is_not_known_is_not_looked_for_in_another_one(pytester: pytest.Pytester) -> None:
    text = "import pytest\n@pytest.mark.fugaku(after='test_a')\ndef test_b(): pass"
    pytester.makepyfile(test_it=text)

    out = pytester.runpytest("-p", "pjm.plugin", "--fugaku-emulate", "test_it.py").stderr.str()

    assert "select it too: name its file as well" in out
