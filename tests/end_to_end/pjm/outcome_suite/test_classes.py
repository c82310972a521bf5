"""unittest, classes, fixtures of class and module scope."""

from __future__ import annotations

import unittest
from typing import Iterator, List

import pytest

order: List[str] = []


@pytest.fixture(scope="module")
def shared() -> Iterator[List[str]]:
    order.append("module set up")
    yield order
    print("module torn down")


@pytest.fixture(scope="class")
def classy(request: pytest.FixtureRequest, shared: List[str]) -> Iterator[str]:
    shared.append("class set up")
    request.cls.value = 42
    yield "classy"


@pytest.mark.usefixtures("classy")
class TestWithFixtures:
    value: int

    def test_first(self, shared: List[str]) -> None:
        assert 42 == self.value
        assert ["module set up", "class set up"] == shared

    def test_second(self, shared: List[str]) -> None:
        assert 1 == shared.count("class set up")

    def test_fails(self) -> None:
        assert 43 == self.value

    class TestWithin:
        def test_inner(self, shared: List[str]) -> None:
            assert 2 == shared.count("class set up")


class TestOldStyle:
    @classmethod
    def setup_class(cls) -> None:
        cls.ready = True  # type: ignore[attr-defined]

    def setup_method(self) -> None:
        self.number = 1

    def test_is_ready(self) -> None:
        assert self.ready and self.number == 1  # type: ignore[attr-defined]


class TestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.calls = 0  # type: ignore[attr-defined]

    def setUp(self) -> None:
        type(self).calls += 1  # type: ignore[attr-defined]

    def test_passes(self) -> None:
        self.assertEqual(1, 1)

    def test_fails(self) -> None:
        self.assertEqual(1, 2)

    def test_errors(self) -> None:
        raise RuntimeError("in a TestCase")

    @unittest.skip("by unittest")
    def test_is_skipped(self) -> None:
        pass

    def test_skips(self) -> None:
        self.skipTest("from within")

    @unittest.expectedFailure
    def test_fails_as_expected(self) -> None:
        self.fail()

    @unittest.expectedFailure
    def test_passes_unexpectedly(self) -> None:
        pass

    def test_subtests(self) -> None:
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(1, number)


class TestBrokenClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        raise RuntimeError("no class")

    def test_never_runs(self) -> None:
        pass


class TestCleanUp(unittest.TestCase):
    def test_fails_to_clean_up(self) -> None:
        self.addCleanup(self.fail, "while cleaning up")

    def tearDown(self) -> None:
        print("tearing down")


if hasattr(pytest, "Subtests"):

    def test_subtests(subtests: pytest.Subtests) -> None:
        for number in range(3):
            with subtests.test(msg="number", number=number):
                print("in", number)
                assert number != 1

    def test_subtests_pass(subtests: pytest.Subtests) -> None:
        with subtests.test("one"):
            pass
        with subtests.test("skipped"):
            pytest.skip("that one")
