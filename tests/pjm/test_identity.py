"""The identity of a test is its node id, unless another test may have the same or a hook changes it."""

from __future__ import annotations

import pytest

from pjm.identity import file_of, identify, identity


def test_a_test_below_the_root_folder_goes_by_its_node_id(pytester: pytest.Pytester) -> None:
    item = pytester.getitem("class TestIt:\n    def test_func(self): pass", "test_func")

    assert f"{item.path.name}::TestIt::test_func" == item.nodeid == identity(item)
    assert pytester.path / item.path.name == file_of(item)


def test_tests_outside_the_root_folder_with_the_same_node_id_go_by_their_paths(pytester: pytest.Pytester) -> None:
    for name in ("one", "two"):
        pytester.mkdir(name).joinpath("test_it.py").write_text("def test_func(): pass")
    pytester.mkdir("root")
    config = pytester.parseconfigure("--rootdir=root", "--import-mode=importlib", "one", "two")
    session = pytest.Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    items = [item for item in session.perform_collect() if isinstance(item, pytest.Item)]

    assert ["../one/test_it.py::test_func", "../two/test_it.py::test_func"] == [identity(item) for item in items]
    assert 1 == len({item.nodeid for item in items})


def test_an_identity_that_is_settled_outlives_another_name(pytester: pytest.Pytester) -> None:
    item = pytester.getitem("def test_func(): pass")
    collected = item.nodeid

    identify([item])
    for name in ("_nodeid", "_id"):  # before and from pytest 9.2 on
        setattr(item, name, "another")

    assert ("another", collected) == (item.nodeid, identity(item))


def test_a_test_that_comes_from_no_file_has_none(pytester: pytest.Pytester) -> None:
    class Status(pytest.Item):
        def runtest(self) -> None:
            pass

    item = Status.from_parent(pytester.getitem("def test_func(): pass").session, name="status", nodeid="status")

    assert (None, "status") == (file_of(item), identity(item))
