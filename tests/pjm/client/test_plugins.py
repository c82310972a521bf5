"""Other plugins' options and marks that jobs make impossible. The plugins are tried by tests/end_to_end/plugins."""

from __future__ import annotations

import argparse

import pytest

from pjm.client.plugins import check_marks, check_options
from pjm.errors import BadInput

DEPENDENCY = """
import pytest

@pytest.mark.dependency()
def test_a(): pass

@pytest.mark.dependency(depends=["test_a"])
def test_b(): pass
"""


@pytest.mark.parametrize(
    ("options", "plugin"),
    [
        ({"inline_snapshot": "report,fix"}, "inline-snapshot"),
        ({"cucumber_json_path": "c.json"}, "pytest-bdd"),
        ({"insta": "clear"}, "pytest-insta"),
        ({"testmon": True}, "pytest-testmon"),
        ({"mpl_generate_summary": "html"}, "pytest-mpl"),
        ({"mpl_generate_hash_library": "hashes.json"}, "pytest-mpl"),
    ],
    ids=str,
)
def test_an_option_that_needs_all_tests_in_one_process_is_refused(options: dict[str, object], plugin: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_options(argparse.Namespace(**options))

    assert "--fugaku does not go together with --" in refusal.value.what
    assert plugin in refusal.value.what


@pytest.mark.parametrize(
    "options",
    [{}, {"inline_snapshot": "report"}, {"inline_snapshot": None}, {"testmon": False}, {"insta": "update"}],
    ids=str,
)
def test_other_values_are_not(options: dict[str, object]) -> None:
    check_options(argparse.Namespace(**options))


class Dependencies:
    """Stands where pytest-dependency is."""


def test_a_test_that_depends_on_another_by_a_plugin_is_refused_and_another_is_not(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = dependency: of pytest-dependency\n")
    items, _ = pytester.inline_genitems(pytester.makepyfile(test_it=DEPENDENCY))

    check_marks(items)  # without the plugin, the mark means nothing
    items[0].config.pluginmanager.register(Dependencies(), "dependency")
    check_marks(items[:1])
    with pytest.raises(BadInput) as refusal:
        check_marks(items)

    assert f"{items[1].nodeid} depends on other tests by the mark dependency" == refusal.value.what
