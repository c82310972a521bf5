"""The marks of a test are merged before they are held against what a resource group allows."""

from __future__ import annotations

from typing import Dict

import pytest

from pjm.errors import BadInput
from pjm.marks.mark import FUGAKU_LIMITS, Defaults, Request, read_limits
from pjm.marks.marks import MarkedTest, wishes

DEFAULTS = Defaults(limits=read_limits(FUGAKU_LIMITS, "Fugaku's limits"))


def wished(pytester: pytest.Pytester, above: str, mark: str) -> Dict[str, MarkedTest]:
    pytester.plugins = ["pjm.plugin"]  # which knows the mark
    text = f"import pytest\n\n{above}\n\n@pytest.mark.{mark}\ndef test_it():\n    pass\n"
    return wishes(pytester.getitems(text), DEFAULTS)


def test_one_mark_may_name_the_group_and_another_one_the_nodes(pytester: pytest.Pytester) -> None:
    (wish,) = wished(pytester, "pytestmark = pytest.mark.fugaku(rscgrp='large')", "fugaku(nodes=400)").values()

    assert Request(400, 1800, "large") == wish.request


def test_marks_that_are_too_much_only_together_are_refused_at_the_test(pytester: pytest.Pytester) -> None:
    with pytest.raises(BadInput) as refusal:
        wished(pytester, "pytestmark = pytest.mark.fugaku(rscgrp='small')", "fugaku(nodes=400)")

    assert refusal.value.what.endswith(".py:5: the mark fugaku asks for 400 nodes of the resource group small")


def test_a_mark_of_a_module_that_is_too_much_by_itself_is_refused_at_its_own_line(pytester: pytest.Pytester) -> None:
    with pytest.raises(BadInput) as refusal:
        wished(pytester, "pytestmark = pytest.mark.fugaku(rscgrp='small', nodes=400)", "skipif(False, reason='')")

    assert ".py:3: the mark fugaku asks for 400 nodes" in refusal.value.what
