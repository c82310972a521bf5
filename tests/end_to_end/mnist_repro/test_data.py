"""`mnist-repro data fetch` of the real MNIST, from a server on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mnist_repro.data import locate
from tests.builders.command_line import Ended, run
from tests.builders.misbehaving_server import serving
from tests.builders.mnist_files import arrays_of, find_real_mnist, isolate, write_npz


def test_real_mnist_is_fetched_once_and_then_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_npz(tmp_path / "mnist.npz", *arrays_of(find_real_mnist())).read_bytes()
    isolate(monkeypatch, tmp_path)
    # A proxy would answer in the place of our server.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("MNIST_REPRO_OFFLINE", "")
    with serving(content) as address:
        url = f"{address}/whole#sha256={hashlib.sha256(content).hexdigest()}"
        monkeypatch.setenv("MNIST_REPRO_URL", url)
        first, second = (run("data", "fetch") for _ in range(2))
    target = tmp_path / "cache" / "mnist.npz"

    assert Ended(0, f"MNIST fetched and verified: {target}\n", "") == first
    assert Ended(0, f"MNIST is already there: {target}\n", "") == second
    assert ("mnist", str(target)) == (locate.load().name, locate.load().source)
