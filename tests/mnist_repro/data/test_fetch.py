"""Downloads from a real server that serves well, cuts short, hangs, lies, is gone or is not there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import time
from dataclasses import asdict, replace
from http import HTTPStatus
from pathlib import Path
from typing import Iterator

import pytest

from mnist_repro.data import fetch
from mnist_repro.data.fetch import Remote
from mnist_repro.errors import BadInput
from tests.builders import command_line
from tests.builders.misbehaving_server import closed_port, serving
from tests.builders.mnist_files import black_digest
from tests.builders.refused import refused


@pytest.fixture(scope="module")
def content(black_npz: Path) -> bytes:
    return black_npz.read_bytes()


@pytest.fixture(scope="module")
def server(content: bytes) -> Iterator[str]:
    with serving(content) as address:
        yield address


@pytest.fixture
def source(content: bytes, server: str) -> Remote:
    """The sound answer, with the patience that a slow machine needs."""
    return Remote(f"{server}/whole", hashlib.sha256(content).hexdigest(), black_digest(), 60.0, 60.0, 1_000_000)


def test_the_file_arrives_whole_and_is_read(source: Remote, content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "cache" / "mnist.npz"
    dataset = fetch.download(source, target)

    assert content == target.read_bytes()
    assert (str(target), source.arrays_sha256) == (dataset.source, dataset.sha256)
    assert [target] == list(target.parent.iterdir())


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("short", "the download from URL failed"),
        ("silent", "the download from URL failed"),
        ("hangs", "the download from URL failed"),
        ("lies", "what URL sent is not the file expected: "),
        ("page", "what URL sent is not the file expected: 9 bytes"),
        ("endless", "URL sent more than 1,000,000 bytes and was cut off"),
        ("gone", "the download from URL failed"),
        ("broken", "the download from URL failed"),
        ("moved", "the download from URL failed"),
        ("boasts", "the download from URL failed"),
    ],
)
def test_what_goes_wrong_is_said_and_nothing_is_left(
    way: str, what: str, source: Remote, server: str, tmp_path: Path
) -> None:
    target = tmp_path / "mnist.npz"
    target.write_text("what was there before")
    seconds = 0.2 if way in ("silent", "hangs") else 60.0
    begin = time.monotonic()
    with pytest.raises(BadInput) as caught:
        fetch.download(replace(source, url=f"{server}/{way}", read_seconds=seconds), target)

    assert caught.value.what.startswith(what.replace("URL", f"{server}/{way}"))
    assert "--data FOLDER" in caught.value.fix
    # The silent ones would keep us for 600 seconds.
    assert time.monotonic() - begin < 15
    assert ([target], "what was there before") == (list(tmp_path.iterdir()), target.read_text())


OUR_PATIENCE = "we wait 60 s for the connection and 60 s for each piece: "


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:PORT/mnist.npz", os.strerror(errno.ECONNREFUSED)),
        # The words for these two are those of a library: there are some.
        ("http://no-such-host.invalid/mnist.npz", "."),
        ("mirror/mnist.npz", "."),
    ],
)
def test_a_server_that_is_not_there(url: str, reason: str, source: Remote, tmp_path: Path) -> None:
    url = url.replace("PORT", str(closed_port()))
    with pytest.raises(BadInput) as caught:
        fetch.download(replace(source, url=url), tmp_path / "mnist.npz")

    assert f"the download from {url} failed" == caught.value.what
    assert re.match(f"0 bytes had come and were not kept; {OUR_PATIENCE}{reason}", caught.value.why)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("way", "status"), [("gone", HTTPStatus.NOT_FOUND), ("broken", HTTPStatus.SERVICE_UNAVAILABLE)]
)
def test_an_answer_that_is_an_error_is_told_by_its_status(
    way: str, status: HTTPStatus, source: Remote, server: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        fetch.download(replace(source, url=f"{server}/{way}"), tmp_path / "mnist.npz")

    assert caught.value.why.endswith(f"; {OUR_PATIENCE}HTTP status {status.value} {status.phrase}")


def test_the_right_file_with_other_arrays_in_it_is_refused(source: Remote, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not MNIST"):
        fetch.download(replace(source, arrays_sha256="0" * 64), tmp_path / "mnist.npz")

    assert [] == list(tmp_path.iterdir())


def test_a_mirror_that_packed_it_again_is_accepted_with_the_hash_that_is_advised(
    source: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="is not the file expected") as caught:
        fetch.download(replace(source, file_sha256="0" * 64), tmp_path / "mnist.npz")
    found = re.search(r"packed MNIST again, MNIST_REPRO_URL=(\S+); else try again", caught.value.fix)

    assert found is not None
    monkeypatch.setenv("MNIST_REPRO_URL", shlex.split(found[1])[0])
    assert (source.url, source.file_sha256) == (fetch.remote().url, fetch.remote().file_sha256)


def test_a_file_without_arrays_is_named_by_its_server(source: Remote, server: str, tmp_path: Path) -> None:
    page = replace(source, url=f"{server}/page", file_sha256=hashlib.sha256(b"<html>Hi!").hexdigest())
    what, _, fix = refused(lambda: fetch.download(page, tmp_path / "mnist.npz"))

    assert f"what {server}/page sent is not MNIST: it is truncated, damaged or no .npz at all" == what
    assert fix.startswith("try again; or set MNIST_REPRO_URL to another mirror, or unset it; or ")


def test_a_cache_that_cannot_be_written_is_named_by_its_variable(source: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fix = refused(lambda: fetch.download(source, tmp_path / "file" / "mnist.npz"))[2]

    assert "free some space, or name another folder: MNIST_REPRO_CACHE=DIR" == fix


ON_A_FULL_DISK = """
import json, resource, sys
from pathlib import Path
from mnist_repro.data import fetch
from mnist_repro.errors import BadInput

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    fetch.download(fetch.Remote(**json.loads(sys.argv[1])), Path(sys.argv[2]))
except BadInput as error:
    print(error.what)
"""


def test_a_full_disk_leaves_nothing(source: Remote, tmp_path: Path) -> None:
    # A process of its own: its limit would be that of those that are started meanwhile.
    started = [sys.executable, "-c", ON_A_FULL_DISK, json.dumps(asdict(source)), str(tmp_path / "mnist.npz")]
    ended = subprocess.run(started, env=command_line.environment(), stdout=subprocess.PIPE, check=True)

    assert b"cannot write" in ended.stdout
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("said", "url", "sha256"),
    [
        ("", fetch.KERAS_URL, fetch.KERAS_SHA256),
        ("http://mirror/m.npz", "http://mirror/m.npz", fetch.KERAS_SHA256),
        ("http://mirror/m.npz#sha256=ABC", "http://mirror/m.npz", "abc"),
    ],
)
def test_a_mirror_must_have_keras_file_or_say_its_own_hash(
    said: str, url: str, sha256: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_URL", said)

    assert (url, sha256) == (fetch.remote().url, fetch.remote().file_sha256)


def test_fetch_says_why_it_failed(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline = command_line.run("data", "fetch")
    monkeypatch.setenv("MNIST_REPRO_OFFLINE", "0")
    monkeypatch.setenv("MNIST_REPRO_URL", f"{server}/lies")
    lied_to = command_line.run("data", "fetch")

    assert [(2, ""), (2, "")] == [(ended.code, ended.out) for ended in (offline, lied_to)]
    assert "MNIST_REPRO_OFFLINE is set" in offline.err
    assert f"what {server}/lies sent is not the file expected" in lied_to.err
    assert [] == list((tmp_path / "cache").iterdir())


def test_a_terminal_sees_a_bar(source: Remote, content: bytes, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mnist_repro.data.fetch import Remote, download\n"
        "download(Remote(*sys.argv[1:4]), Path(sys.argv[4]))\n"
    )
    remote = (source.url, source.file_sha256, source.arrays_sha256)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    words = [sys.executable, "-c", program, *remote, str(tmp_path / "mnist.npz")]
    process = subprocess.Popen(words, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    # Linux reports the closed other end as an error.
    with os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while True:
            seen += terminal.read(1000)

    assert 0 == process.wait()
    assert b"downloading MNIST" in seen
    assert f"/{len(content) / 1000:.1f} kB".encode() in seen
