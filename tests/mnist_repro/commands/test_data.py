"""`mnist-repro data` on real files, sound and bad, through the command line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import numpy as np
import pytest

from mnist_repro import cli
from mnist_repro.data.dataset import HASHES
from tests.builders import command_line
from tests.builders.mnist_files import find_real_mnist, isolate, surrogate_cache, write_folder, write_zeros

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache with the surrogate, so that it need not be drawn again."""
    monkeypatch.setenv("MNIST_REPRO_CACHE", str(surrogate_cache(tmp_path_factory)))


def truncated_idx(folder: Path) -> None:
    os.truncate(folder / TRAIN_IMAGES, 47_000_000)


def label_10(folder: Path) -> None:
    with (folder / TEST_LABELS).open("rb+") as file:
        file.seek(8 + 1234)
        file.write(b"\x0a")


def images_of_27(folder: Path) -> None:
    write_zeros(folder / TRAIN_IMAGES, (60_000, 27, 27))


def half_the_images(folder: Path) -> None:
    write_zeros(folder / TRAIN_IMAGES, (30_000, 28, 28))
    write_zeros(folder / TRAIN_LABELS, (30_000,))


def empty(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.unlink()


def npz_without_x_test(folder: Path) -> None:
    empty(folder)
    few = np.zeros(3, np.uint8)
    np.savez(str(folder / "mnist.npz"), x_train=few, y_train=few, y_test=few)


def no_npz(folder: Path) -> None:
    empty(folder)
    (folder / "mnist.npz").write_text("<html>sign in first</html>")


def a_pipe(folder: Path) -> None:
    (folder / TRAIN_LABELS).unlink()
    os.mkfifo(folder / TRAIN_LABELS)


def a_loop(folder: Path) -> None:
    (folder / TRAIN_LABELS).unlink()
    (folder / TRAIN_LABELS).symlink_to(TRAIN_LABELS)


def nothing(folder: Path) -> None:
    """The folder is well-formed as it is, but black."""


BAD: List[Tuple[Callable[[Path], None], List[str]]] = [
    (truncated_idx, [f"{TRAIN_IMAGES} is truncated: 46,999,984 bytes of data", "promises 47,040,000 bytes"]),
    (label_10, [f"{TEST_LABELS}: label 10 at index 1,234", "labels are 0 to 9"]),
    (images_of_27, [f"{TRAIN_IMAGES}: images of 27×27 pixels", "28×28 pixels"]),
    (half_the_images, ["30,000 training images with 30,000 labels", "60,000 of both"]),
    (empty, ["has no MNIST in it", f"{TRAIN_IMAGES}, {TRAIN_LABELS}, {TEST_IMAGES}, {TEST_LABELS} (plain or .gz)"]),
    (npz_without_x_test, ["mnist.npz is an .npz without x_test: it has x_train, y_train, y_test", "has x_train, y_tr"]),
    (no_npz, ["mnist.npz is truncated, damaged or no .npz at all", "a zip of .npy arrays"]),
    (a_pipe, [f"{TRAIN_LABELS}: it is a pipe, socket or device", "a regular file"]),
    (a_loop, [f"lacks {TRAIN_LABELS}", "expected are"]),
    (nothing, ["is well-formed but neither MNIST nor the surrogate", HASHES["mnist"]]),
]


def listing(folder: Path) -> Dict[str, int]:
    return {str(path): path.lstat().st_size for path in folder.rglob("*")}


@pytest.mark.parametrize(("spoil", "expected"), BAD, ids=[spoil.__name__ for spoil, _ in BAD])
def test_bad_data_is_refused_with_a_message_and_nothing_is_written(
    spoil: Callable[[Path], None], expected: List[str], tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "black"
    folder.mkdir()
    spoil(write_folder(folder))
    before = listing(tmp_path)
    code = cli.main(["data", "verify", "--data", str(folder)])
    out, err = capsys.readouterr()
    message = err[err.index("mnist-repro: ") :]

    assert (2, "") == (code, out)
    assert str(folder) in message
    for words in expected:
        assert words in message
    assert ["  why", "  next"] == [line.partition(":")[0] for line in message.splitlines()[-2:]]
    assert "Traceback" not in err
    assert before == listing(tmp_path)


def test_well_formed_data_is_not_mnist_when_mnist_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", str(write_folder(tmp_path)))

    assert 2 == cli.main(["data", "verify", "--data", "mnist"])
    assert f"{tmp_path} is well-formed but not MNIST" in capsys.readouterr().err


# Root may read all: it becomes somebody else, once all modules are imported, which may be root's own.
UNREADABLE = """
import os, sys
from mnist_repro import cli

file, folder = sys.argv[1:]
cli.main(["data", "verify", "--data", folder])
for place in (file, folder):
    os.chmod(place, 0)
if os.geteuid() == 0:
    os.setuid(65534)
print(*(int(cli.main(["data", "verify", "--data", place])) for place in (os.path.dirname(file), folder)))
"""


def test_what_is_unreadable_is_refused() -> None:
    # Not under tmp_path, whose parents are root's own.
    with tempfile.TemporaryDirectory() as of_file, tempfile.TemporaryDirectory() as folder:
        for place in (of_file, folder):
            write_folder(Path(place)).chmod(0o755)
        unreadable = [str(Path(of_file) / TRAIN_LABELS), folder]
        # A process of its own: who it is would be who those are that are started meanwhile.
        ended = subprocess.run(
            [sys.executable, "-c", UNREADABLE, *unreadable],
            env=command_line.environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        Path(folder).chmod(0o755)

    assert "2 2\n" == ended.stdout
    for place in unreadable:
        assert f"cannot read {place}: {os.strerror(errno.EACCES)}" in ended.stderr


@pytest.mark.parametrize(
    ("place", "said"),
    [
        *((place, "(named by --data)") for place in ("~nobody-of-this-name/mnist", "nul\0byte", "x" * 300, "MNIST")),
        ("Surrogate", "write surrogate in small letters"),
    ],
)
def test_a_strange_place_is_bad_input(place: str, said: str, capsys: Capture) -> None:
    assert 2 == cli.main(["data", "verify", "--data", place])
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("drawn")
def test_verify_says_which_data_and_its_hash(capsys: Capture) -> None:
    assert 0 == cli.main(["data", "verify", "--data", "surrogate"])
    out, err = capsys.readouterr()

    sha256 = HASHES["surrogate"]
    assert f"data: SURROGATE digits, not MNIST (60,000 + 10,000 images) drawn by mnist-repro\nsha256: {sha256}\n" == out
    assert "NO MNIST: using the SURROGATE" in err


def test_verify_and_info_know_the_real_mnist(monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path) -> None:
    monkeypatch.undo()
    source = find_real_mnist().source
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("MNIST_REPRO_DATA", source)
    for words in (["verify"], ["verify", "--data", "mnist"]):
        assert 0 == cli.main(["data", *words])
        assert (f"data: MNIST (60,000 + 10,000 images) from {source}\nsha256: {HASHES['mnist']}\n", "") == (
            capsys.readouterr()
        )
    assert 0 == cli.main(["data", "info"])
    out = capsys.readouterr().out

    assert f"MNIST_REPRO_DATA: {source}" in out
    assert f"used: data: MNIST (60,000 + 10,000 images) from {source}" in out
    assert "training  5,923  6,742  5,958  6,131  5,842  5,421  5,918  6,265  5,851  5,949" in out


def test_info_shows_each_place_and_downloads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.delenv("MNIST_REPRO_OFFLINE")
    monkeypatch.setenv("MNIST_REPRO_URL", "http://127.0.0.1:1/mnist.npz")
    own = tmp_path / "cache" / "mnist.npz"
    own.parent.mkdir()
    own.write_bytes(b"")

    assert 0 == cli.main(["data", "info"])
    out = capsys.readouterr().out.splitlines()
    assert ["--data: not given", "MNIST_REPRO_DATA: not set"] == out[:2]
    assert f"Keras cache {tmp_path}/keras/datasets/mnist.npz: not there" == out[2]
    assert out[3].startswith(f"own cache {own}: {own} is truncated, damaged or no .npz at all")
    assert [
        "download http://127.0.0.1:1/mnist.npz: possible",
        "surrogate: always possible, drawn in a second",
        "used: the download, or the surrogate if it fails",
    ] == out[4:]


@pytest.mark.usefixtures("drawn")
def test_info_offline_would_use_the_surrogate(capsys: Capture) -> None:
    assert 0 == cli.main(["data", "info"])
    out = capsys.readouterr().out

    assert "switched off by MNIST_REPRO_OFFLINE" in out
    assert "used: data: SURROGATE digits, not MNIST (60,000 + 10,000 images) drawn by mnist-repro" in out
