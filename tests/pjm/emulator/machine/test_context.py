"""The calling user's group."""

from __future__ import annotations

import os

import pytest

from pjm.emulator.machine.context import own_group


def test_a_group_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getgid", lambda: 2_000_000_000)

    assert "2000000000" == own_group()
