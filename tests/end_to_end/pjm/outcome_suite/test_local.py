"""What is not marked runs here."""

import pytest


@pytest.mark.here
def test_here() -> None:
    pass


@pytest.mark.here
def test_here_fails() -> None:
    raise AssertionError("here")
