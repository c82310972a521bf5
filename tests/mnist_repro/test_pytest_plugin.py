"""What the plugin makes of options and tests, without a session; the sessions are in tests/end_to_end/mnist_repro."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Optional, Tuple

import pytest

from mnist_repro import pytest_plugin as plugin
from mnist_repro.gate.session.reports import WANTED


def test_data_are_a_word_or_a_place_that_is_there(tmp_path: Path) -> None:
    for named in (None, "mnist", "surrogate", str(tmp_path)):
        plugin._require_data(named)
    for missing in (str(tmp_path / "nowhere"), "n" * 300):
        with pytest.raises(pytest.UsageError) as caught:
            plugin._require_data(missing)
        assert [f"--repro-data {missing}: there is no such folder or file", "  why", "  next"] == [
            line if line.startswith("--") else line.partition(":")[0] for line in str(caught.value).splitlines()
        ]


def item(measured: object, elsewhere: bool = False) -> Any:
    """A test that is parametrized with ``measured``."""
    stash = pytest.Stash()
    stash[plugin.ELSEWHERE] = elsewhere
    return SimpleNamespace(
        callspec=SimpleNamespace(params={"measured": measured}), stash=stash, user_properties=[("a", "b")]
    )


@pytest.mark.parametrize(
    # Named `measured`, they would be measured ahead, and missed in a gate report of this session.
    ("wanted", "expected", "announced"),
    [
        (("vgg7", "subset"), ("vgg7", "subset"), ("vgg7/subset", "samples")),
        (("vgg7", "full"), ("vgg7", "full"), ("vgg7/full", "samples")),
        (("vgg7", "fingerprint"), ("vgg7", "fingerprint"), ("vgg7/fingerprint", "fingerprint")),
        (("vgg7", "published"), ("vgg7", "published"), ("vgg7/published", "published")),
        (("vgg7", "huge"), None, None),
        (("vgg7",), None, None),
        (["vgg7", "subset"], None, None),
        (None, None, None),
    ],
)
def test_a_test_wants_the_pair_that_it_is_parametrized_with(
    wanted: object, expected: Optional[Tuple[str, str]], announced: Optional[Tuple[str, str]]
) -> None:
    found = item(wanted)
    plugin.pytest_collection_modifyitems([found])

    assert expected == plugin._wanted(found)
    assert [("a", "b"), *([(WANTED, json.dumps(announced))] if announced else [])] == found.user_properties


def test_a_test_without_parameters_wants_nothing() -> None:
    plain: Any = SimpleNamespace()

    assert plugin._wanted(plain) is None


def test_what_is_measured_ahead_is_what_this_process_can_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    items = [
        item(("vgg7", "subset")),
        item(("vgg7", "fingerprint"), elsewhere=True),
        item(("vgg7", "published")),
        item(("vgg8", "subset")),
        item(None),
        item(("tf-cnn", "fingerprint")),
    ]

    assert [("vgg7", "subset"), ("tf-cnn", "fingerprint")] == plugin._ahead(items)
    assert [("tf-cnn", "fingerprint")] == plugin._ahead(items, items[1])
    assert [] == plugin._ahead(items[1:3])
    # xdist's workers do not know which tests they will run.
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert [] == plugin._ahead(items)
