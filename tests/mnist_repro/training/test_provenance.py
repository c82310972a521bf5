"""Where numbers come from: versions, CPU, threads, and the commit of the code."""

from __future__ import annotations

import pytest

import mnist_repro
from mnist_repro.files import environment
from mnist_repro.training import framework, provenance


def test_a_run_says_what_it_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    fields = provenance.provenance(1.23456)

    assert (mnist_repro.__version__, str(framework.tensorflow().__version__), framework.threads(), 1.235) == tuple(
        fields[name] for name in ("mnist_repro", "tensorflow", "threads", "seconds")
    )
    assert {"TF_ENABLE_ONEDNN_OPTS": "0"} == fields["switches"]
    assert fields["finished"].endswith("+00:00")
    assert "" not in fields.values()
    assert environment.packages() == fields["packages"]
