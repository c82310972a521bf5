"""What these share: a login node behind a real sshd, and a project on a laptop that it does not see."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from tests.builders.remote_project import RemoteProject
from tests.ssh.login_node import LoginNode, login_node, missing


@pytest.fixture(scope="session")
def _node() -> Iterator[LoginNode]:
    why = missing()
    if why is not None:
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="node-") as folder, login_node(Path(folder)) as made:
        yield made


@pytest.fixture
def node(_node: LoginNode) -> Iterator[LoginNode]:
    """The login node. What a test changes of it is taken back, and each test connects anew."""
    kept = {path: path.read_bytes() for path in (_node.folder / name for name in ("known_hosts", "authorized_keys"))}
    yield _node
    for path, content in kept.items():
        path.write_bytes(content)
    (_node.home / ".bashrc").unlink(missing_ok=True)
    _node.cut()


@pytest.fixture
def project(node: LoginNode, request: pytest.FixtureRequest) -> Iterator[RemoteProject]:
    """A project with one test."""
    name = request.node.name.partition("[")[0][5:45] + str(abs(hash(request.node.nodeid)) % 1000)
    made = RemoteProject(Path(name, "project"), node)
    made.write("@pytest.mark.fugaku\ndef test_it():\n    pass\n")
    yield made
    made.stop()
