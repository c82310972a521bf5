"""Finds the data: a place that the user names must verify; else other places are tried, the surrogate last.

The surrogate is kept in our cache, so that later commands do not draw it again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional, Tuple

import numpy as np

from mnist_repro.data import fetch, mnist, places, surrogate
from mnist_repro.data.dataset import DRAWN, HASHES, UNRECOGNISED, Dataset, recognise
from mnist_repro.errors import BadInput
from mnist_repro.files import atomic

SURROGATE_NOTICE = """\
mnist-repro: NO MNIST: using the SURROGATE, 70,000 digits that mnist-repro drew itself
  no published figure can be tested on it; results are compared with the surrogate's own baselines only
  for the real data: mnist-repro data fetch, or --data FOLDER with the four IDX files or mnist.npz
"""

Say = Callable[[str], object]


@dataclass(frozen=True)
class DataRequest:
    """The data that the user asks for.

    Args:
        place: "surrogate", a folder or file, or None to search the unnamed places.
        named_by: the option or variable with this value, for messages.
        insists: the option or variable that demands the real MNIST, for messages; None if other data is allowed.
    """

    place: Optional[str]
    named_by: str
    insists: Optional[str] = None


@dataclass(frozen=True)
class Candidate:
    """The result of a look into one unnamed place.

    Args:
        title: name of the place.
        place: the file looked at.
        dataset: the data in it, if it is the real MNIST.
        problem: one line if the file exists but cannot be used; None if it does not exist.
    """

    title: str
    place: Path
    dataset: Optional[Dataset] = None
    problem: Optional[str] = None

    def __str__(self) -> str:
        return f"{self.title} {self.place}: {self.problem or ('MNIST' if self.dataset else 'not there')}"


def wish(request: Optional[str] = None) -> DataRequest:
    """The data to look for, from the value of --data and the environment.

    Args:
        request: the value of --data: "mnist", "surrogate", a folder, an .npz file. If it is None, the
            environment variable MNIST_REPRO_DATA is used.
    """
    variable = places.named_by_variable()
    named_by = "--data" if request else places.VARIABLE
    value = request or variable
    if value != "mnist":
        return DataRequest(value, named_by)
    insists = "--data mnist" if request else f"{places.VARIABLE}=mnist"
    if variable in places.WORDS:
        return DataRequest(None, named_by, insists)
    # The variable says where to look; `--data mnist` says that the real MNIST must be there.
    return DataRequest(variable, places.VARIABLE, insists)


def load(request: Optional[str] = None, say: Optional[Say] = None) -> Dataset:
    """The data that a command should use.

    Args:
        request: see `wish`.
        say: receives the announcements; None writes them to standard error.

    Raises:
        BadInput: the named place does not verify, or the real MNIST is demanded and is in no place.
    """
    say = say or sys.stderr.write
    data_request = wish(request)
    if data_request.place == "surrogate":
        return _surrogate(say)
    if data_request.place:
        return _named(data_request.place, data_request, say)
    dataset, notes = _search(say if not data_request.insists else lambda line: None)
    if dataset:
        return dataset
    if data_request.insists:
        raise BadInput(
            f"{data_request.insists} asks for the real MNIST, which was not found",
            f"tried were: {'; '.join(notes)}",
            "name a folder that has it with --data FOLDER, or get it with `mnist-repro data fetch`",
        )
    return _surrogate(say)


def place(dataset: Dataset) -> str:
    """The value that makes `load` give the same data in another process."""
    # Absolute: `load` would read the relative path `mnist` as the word `mnist`, and not as a folder.
    return "surrogate" if dataset.source == DRAWN else str(Path(dataset.source).absolute())


def look(title: str, place: Path) -> Candidate:
    """Look into an unnamed place; problems become part of the result, and nothing is raised."""
    try:
        if not place.exists():
            return Candidate(title, place)
        dataset = mnist.read(place)
    except (BadInput, OSError) as error:
        return Candidate(title, place, problem=error.what if isinstance(error, BadInput) else str(error))
    if dataset.name != "mnist":
        return Candidate(title, place, problem="well-formed but not MNIST")
    return Candidate(title, place, dataset)


def unnamed_places() -> List[Tuple[str, Path]]:
    """The files to try before a download, in order."""
    return [("Keras cache", places.keras_cache()), ("own cache", places.own_cache() / mnist.NPZ)]


def _search(say: Say) -> Tuple[Optional[Dataset], List[str]]:
    """The dataset of the first unnamed place that verifies, and a note on each place before it."""
    notes: List[str] = []
    for title, place in unnamed_places():
        finding = look(title, place)
        if finding.dataset:
            return finding.dataset, notes
        notes.append(str(finding))
        if finding.problem:
            say(f"mnist-repro: could not use the {finding}; continuing without it\n")
    if places.offline():
        return None, [*notes, f"download: switched off by {places.OFFLINE}"]
    try:
        return fetch.download(fetch.remote(), places.own_cache() / mnist.NPZ), notes
    except BadInput as error:
        reason = f"{error.what}; {error.why}"
        say(f"mnist-repro: could not download MNIST ({reason}); continuing without it\n")
        return None, [*notes, f"download: {reason}"]


def _named(place: str, data_request: DataRequest, say: Say) -> Dataset:
    """The dataset in a named place, which must verify."""
    try:
        dataset = mnist.read(places.expanded(place))
    except BadInput as error:
        word = place.lower()
        hint = f"write {word} in small letters, or {error.fix}" if word in places.WORDS else error.fix
        raise BadInput(f"{error.what} (named by {data_request.named_by})", error.why, hint) from error
    if data_request.insists:
        return mnist.require_mnist(dataset, data_request.insists)
    if dataset.name == "surrogate":
        say(SURROGATE_NOTICE)
    if dataset.name == UNRECOGNISED:
        say(f"mnist-repro: {place} is well-formed but NOT MNIST: no published figure can be tested on it\n")
    return dataset


def _surrogate(say: Say) -> Dataset:
    say(SURROGATE_NOTICE)
    return surrogate_dataset()


def surrogate_dataset() -> Dataset:
    """The surrogate, from the cache if it has a valid copy.

    Raises:
        BadInput: this machine's NumPy draws different digits, as their hash shows.
    """
    path = surrogate_path()
    with contextlib.suppress(BadInput):
        cached = mnist.read(path)
        if cached.name == "surrogate":
            return dataclasses.replace(cached, source=DRAWN)
    dataset = _draw_surrogate()
    # If the cache cannot be written, the next command only needs a second more.
    with contextlib.suppress(BadInput):
        _keep_surrogate(dataset, path)
    return dataset


def surrogate_path() -> Path:
    """The file of the copy. Its name has the hash, so that versions with different digits use different files."""
    return places.own_cache() / f"surrogate-{HASHES['surrogate'][:12]}.npz"


def _draw_surrogate() -> Dataset:
    images, labels = surrogate.draw()
    dataset = recognise(DRAWN, images[:60_000], labels[:60_000], images[60_000:], labels[60_000:])
    if dataset.name != "surrogate":
        raise BadInput(
            f"the surrogate drawn with NumPy {np.__version__} hashes to {dataset.sha256}",
            f"it is {HASHES['surrogate']} on every machine and with every NumPy",
            "use another NumPy, or real data with --data FOLDER, and report this as a bug",
        )
    return dataset


def _keep_surrogate(dataset: Dataset, path: Path) -> None:
    with atomic.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            x_train=dataset.train_images,
            y_train=dataset.train_labels,
            x_test=dataset.test_images,
            y_test=dataset.test_labels,
        )
