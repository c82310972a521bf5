"""Downloads MNIST: checked by two hashes before it appears under its name, and nothing left behind when it fails."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator, Union

from mnist_repro.data import mnist, places
from mnist_repro.data.dataset import HASHES, Dataset
from mnist_repro.errors import BadInput
from mnist_repro.files import atomic

if TYPE_CHECKING:
    from requests import RequestException

KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"

OWN_FOLDER = "put MNIST into a folder, and name it with --data FOLDER in the command that reads it"


@dataclass(frozen=True)
class Remote:
    """A file on a server, and what it must be.

    Args:
        url: http or https.
        file_sha256: of the file as served.
        arrays_sha256: of what it decodes to, see `mnist_repro.data.dataset.digest`.
        connect_seconds: how long to wait for the connection.
        read_seconds: how long to wait for each further piece.
        most_bytes: an answer longer than this is given up; the real file has 11,490,434.
    """

    url: str
    file_sha256: str = KERAS_SHA256
    arrays_sha256: str = HASHES["mnist"]
    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    most_bytes: int = 100_000_000


def remote() -> Remote:
    """Keras' mnist.npz, or the mirror that the environment names.

    A mirror that packed the arrays anew says so with its own hash: ``https://mirror/mnist.npz#sha256=…``.
    """
    url, _, sha256 = os.environ.get(places.MIRROR, "").partition("#sha256=")
    return Remote(url or KERAS_URL, sha256.lower() or KERAS_SHA256)


def download(source: Remote, target: Path) -> Dataset:
    """Fetch ``source`` and keep it as ``target``, an .npz file.

    Raises:
        BadInput: no connection, no or another or too long an answer, or a place that cannot be written.
            ``target`` is then as it was.
    """
    with atomic.replacing(target, f"{places.CACHE}=DIR") as temporary:
        _receive(source, temporary)
        _check_file(source, temporary)
        dataset = _read(source, temporary)
        if dataset.sha256 != source.arrays_sha256:
            raise BadInput(
                f"what {source.url} sent is not MNIST: its arrays hash to {dataset.sha256}",
                f"expected is {source.arrays_sha256}",
                _instead(source),
            )
    return replace(dataset, source=str(target))


def _read(source: Remote, path: Path) -> Dataset:
    """The dataset in the file that came; a message names where it came from."""
    try:
        return mnist.read(path)
    except BadInput as error:
        what = error.what.replace(str(path), "it")
        raise BadInput(f"what {source.url} sent is not MNIST: {what}", error.why, _instead(source)) from error


def _instead(source: Remote) -> str:
    """What to do if ``source`` cannot be used."""
    other = "a mirror" if source.url == KERAS_URL else "another mirror, or unset it"
    return f"try again; or set {places.MIRROR} to {other}; or {OWN_FOLDER}"


def _receive(source: Remote, path: Path) -> None:
    """The body of the answer into ``path``."""
    import requests  # comes with pooch

    received = 0
    try:
        with requests.get(
            source.url, stream=True, timeout=(source.connect_seconds, source.read_seconds)
        ) as answer, path.open("wb") as file, _bar() as show:
            answer.raise_for_status()
            length = answer.headers.get("content-length", "")
            for piece in answer.iter_content(1 << 16):
                received += len(piece)
                if received > source.most_bytes:
                    sent = f"{source.url} sent more than {source.most_bytes:,} bytes and was cut off"
                    raise BadInput(sent, "MNIST is much shorter", _instead(source))
                file.write(piece)
                show(received, int(length) if length.isdecimal() else received)
    # ValueError: requests lets some through, such as that of a redirection to an invalid address.
    except (requests.RequestException, ValueError) as error:
        raise BadInput(
            f"the download from {source.url} failed",
            f"{received:,} bytes had come and were not kept; we wait {source.connect_seconds:g} s for the connection"
            f" and {source.read_seconds:g} s for each piece: {_reason(error)}",
            _instead(source),
        ) from error


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], object]]:
    """A function that shows received and expected bytes on standard error while the block runs, if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda received, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    title = TextColumn("downloading MNIST")
    columns = (title, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        # rich 12 needs a total.
        task = progress.add_task("", total=0)
        yield lambda received, total: progress.update(task, completed=received, total=total)


def _check_file(source: Remote, path: Path) -> None:
    """The hash of the file as served."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != source.file_sha256:
        # The arrays are checked by their own hash.
        mirror = shlex.quote(f"{source.url}#sha256={found}")
        packed_again = (
            "" if source.url == KERAS_URL else f"if this mirror packed MNIST again, {places.MIRROR}={mirror}; else "
        )
        raise BadInput(
            f"what {source.url} sent is not the file expected: {path.stat().st_size:,} bytes, SHA-256 {found}",
            f"expected is SHA-256 {source.file_sha256}; the download was cut short or is another file",
            packed_again + _instead(source),
        )


def _reason(error: Union[RequestException, ValueError]) -> str:
    """The status of an answer that is an error; else the text of the innermost cause, which is the shortest."""
    # Not `if error.response`: an answer that is an error is false.
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"HTTP status {answer.status_code} {answer.reason}".rstrip()
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
