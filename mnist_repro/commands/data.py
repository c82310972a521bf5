"""Finds, verifies and fetches MNIST.

Commands use --data, else MNIST_REPRO_DATA, else the Keras cache, our own cache, a download, and at last the surrogate:
digits that mnist-repro draws itself, with a warning. If you name a place and its data are wrong, the command fails.

Examples:
  mnist-repro data info                       each place of the search, and which data would be used
  mnist-repro data verify --data ~/mnist      is this folder the real MNIST?
  mnist-repro data fetch                      download it into our own cache
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mnist_repro.commands.options import add_data
from mnist_repro.errors import ExitCode

# NumPy is imported when a command runs, not when its help is printed.
if TYPE_CHECKING:
    from mnist_repro.data.dataset import Dataset

DESCRIPTION = "find, verify or fetch MNIST"

_VERIFY = """\
Reads the data and says whether it is the real MNIST (or the surrogate), by the SHA-256 of its decoded arrays.
Exit code 2 if it is neither, or damaged.

Examples:
  mnist-repro data verify                     the data of MNIST_REPRO_DATA or of the search
  mnist-repro data verify --data ~/mnist      a folder with IDX files (plain or .gz) or mnist.npz
"""

_FETCH = """\
Downloads Keras' mnist.npz (11 MB) into our own cache, and checks its hash.

environment:
  MNIST_REPRO_CACHE   another folder for our cache
  MNIST_REPRO_URL     a mirror; append #sha256=… if the arrays were packed again
  MNIST_REPRO_OFFLINE 1 forbids every download; empty, 0, no and false do not

Example:
  mnist-repro data fetch
"""

_INFO = """\
Shows each place of the search with its data, which data would be used, and their counts. Downloads nothing.

Examples:
  mnist-repro data info
  mnist-repro data info --data surrogate
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions `verify`, `fetch` and `info`."""
    actions = parser.add_subparsers(dest="action", metavar="verify|fetch|info", required=True)
    for name, summary, text in (
        ("verify", "is it the real MNIST?", _VERIFY),
        ("fetch", "download MNIST into our cache", _FETCH),
        ("info", "what each place holds", _INFO),
    ):
        action = actions.add_parser(
            name,
            help=summary,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name != "fetch":
            add_data(action)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run the action.

    Raises:
        BadInput: the data does not verify, or cannot be fetched.
    """
    if arguments.action == "verify":
        return _verify(arguments.data)
    if arguments.action == "fetch":
        return _fetch()
    return _info(arguments.data)


def _verify(request: str | None) -> ExitCode:
    from mnist_repro.data import locate
    from mnist_repro.data.dataset import HASHES, describe
    from mnist_repro.errors import BadInput
    from mnist_repro.files.guarded import WHOLE_COPY

    dataset = locate.load(request)
    if dataset.name not in HASHES:
        raise BadInput(
            f"{dataset.source} is well-formed but neither MNIST nor the surrogate: SHA-256 {dataset.sha256}",
            f"MNIST's decoded arrays hash to {HASHES['mnist']}",
            WHOLE_COPY,
        )
    print(f"{describe(dataset)}\nsha256: {dataset.sha256}")
    return ExitCode.PASSED


def _fetch() -> ExitCode:
    from mnist_repro.data import fetch, locate, mnist, places
    from mnist_repro.errors import BadInput

    target = places.own_cache() / mnist.NPZ
    if locate.look("own cache", target).dataset:
        print(f"MNIST is already there: {target}")
        return ExitCode.PASSED
    if places.offline():
        raise BadInput(
            f"cannot fetch MNIST: {places.OFFLINE} is set",
            "it forbids every download",
            f"unset {places.OFFLINE}; or {fetch.OWN_FOLDER}",
        )
    fetch.download(fetch.remote(), target)
    print(f"MNIST fetched and verified: {target}")
    return ExitCode.PASSED


def _info(request: str | None) -> ExitCode:
    from mnist_repro.data import fetch, locate, places

    print(f"--data: {request or 'not given'}")
    print(f"{places.VARIABLE}: {places.named_by_variable() or 'not set'}")
    findings = [locate.look(title, place) for title, place in locate.unnamed_places()]
    for finding in findings:
        print(finding)
    print(f"download {fetch.remote().url}: {f'switched off by {places.OFFLINE}' if places.offline() else 'possible'}")
    print("surrogate: always possible, drawn in a second")
    datasets = [finding.dataset for finding in findings if finding.dataset]
    data_request = locate.wish(request)
    if data_request.place is None and not datasets and not places.offline():
        print(f"used: the download{'' if data_request.insists else ', or the surrogate if it fails'}")
    else:
        _show(datasets[0] if data_request.place is None and datasets else locate.load(request))
    return ExitCode.PASSED


def _show(dataset: Dataset) -> None:
    """Print which data would be used, its hash and its counts per label."""
    import numpy as np

    from mnist_repro.data.dataset import describe

    print(f"used: {describe(dataset)}\nsha256: {dataset.sha256}")
    print("label   " + "".join(f"{label:>7}" for label in range(10)))
    for title, labels in (("training", dataset.train_labels), ("test", dataset.test_labels)):
        print(f"{title:8}" + "".join(f"{count:>7,}" for count in np.bincount(labels, minlength=10)))
