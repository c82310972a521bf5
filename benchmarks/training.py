"""How long our trainings take beside the tutorial's own way: pairs of whole processes, and the ratio of their times.

Each row sets a command of ours against a peer, in the environment that runs this script and on the same mnist.npz.
They are timed from outside, turn about, so that a machine that slows down slows both; every process starts in an empty
folder and must leave there what it is for. A ratio is the peer's time over ours: 2 means half the time. The row `steps`
is timed from inside, for its peer is no program but a floor: the same steps in plain NumPy.

Exit codes: 0 every goal is met, 1 a goal is missed, 2 a process failed or there is bad input, 130 interrupted.

Examples:
  python benchmarks/training.py                      all rows
  python benchmarks/training.py --only help --runs 5
  python benchmarks/training.py --quick              does everything still run? Some seconds a row, goals not judged
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple

# A script finds its own folder, not the checkout around it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pairs import Command, ProcessError, Row, measure, seconds, table
from mnist_repro.errors import BadInput

CHECKOUT = Path(__file__).resolve().parents[1]
DATA = "mnist.npz"
KERAS_3 = (2, 16)  # the first TensorFlow that brings it
HELP_PAIRS = 5  # for each pair asked for: it is over in an instant


def rows(tensorflow: Tuple[int, int], data: Path, scale: str) -> Tuple[Row, ...]:
    """All rows, for a TensorFlow of this major and minor version."""
    times, ten_take = (4.2, 0.65) if tensorflow >= KERAS_3 else (2.3, 1.4)
    one_tutorial = _tutorial("wheel-softmax", data, scale)
    train = Command(
        ("-m", "mnist_repro", "train", "wheel-softmax", "--scale", scale),
        leaves=tuple(
            f"runs/wheel-softmax/*/seed-0/{name}" for name in ("learn.log", "param.hdf5", "model.h5", "run.json")
        ),
    )
    return (
        Row("one-run", train, one_tutorial, times, f"{times} times as fast as one tutorial run"),
        Row(
            "ten-seeds",
            _reproduce("wheel-softmax", 10, scale),
            one_tutorial,
            1 / ten_take,
            f"in {ten_take} times one tutorial run",
        ),
        Row("steps", _steps("ours", scale), _steps("numpy", scale), 1 / 1.15, "in 1.15 times the floor"),
        _side_by_side("keras-cnn", data, scale),
        # Ten full epochs on either side take minutes and add nothing.
        _side_by_side("vgg7", data, "subset"),
        Row(
            "help",
            Command(("-m", "mnist_repro", "--help")),
            Command(("-c", "import numpy")),
            1 / 3.0,
            "in 3 times the import of NumPy",
            HELP_PAIRS,
        ),
    )


def _side_by_side(recipe: str, data: Path, scale: str) -> Row:
    return Row(
        f"two-{recipe}",
        _reproduce(recipe, 2, scale, "--processes", "2"),
        _tutorial(recipe, data, scale, fits=2),
        1.0,
        f"two seeds ({scale}) no slower than two fits in a row",
    )


def _tutorial(recipe: str, data: Path, scale: str, fits: int = 1) -> Command:
    script = str(Path(__file__).resolve().with_name("tutorial.py"))
    return Command(
        (script, recipe, str(data), "--scale", scale, "--fits", str(fits)),
        leaves=tuple(f"param-{number}.weights.h5" for number in range(fits)),
    )


def _steps(side: str, scale: str) -> Command:
    script = str(Path(__file__).resolve().with_name("steps.py"))
    return Command((script, side, "--scale", scale), times_itself=True)


def _reproduce(recipe: str, seeds: int, scale: str, *more: str) -> Command:
    return Command(
        ("-m", "mnist_repro", "reproduce", recipe, "--seeds", str(seeds), "--scale", scale, *more),
        leaves=tuple(f"runs/{recipe}/*/seed-{seed}/eval.log" for seed in range(seeds)),
        passes=(0, 1),  # how long a verdict takes matters here, not which it is
    )


def child_environment(data: Path) -> Dict[str, str]:
    """Our own environment, with the checkout's package and the data, and nothing of ours that sets threads."""
    found = [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "MNIST_REPRO_DATA": str(data), "KERAS_BACKEND": "tensorflow"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in found if path)
    environment.pop("MNIST_REPRO_THREADS", None)
    return environment


def store_data(path: Path) -> str:
    """Write the data that our commands would use to ``path``, as both sides read it; say which it is."""
    import numpy as np

    from mnist_repro.data.dataset import describe
    from mnist_repro.data.locate import load

    data = load()
    np.savez_compressed(
        str(path),
        x_train=data.train_images,
        y_train=data.train_labels,
        x_test=data.test_images,
        y_test=data.test_labels,
    )
    return describe(data)


def warm_up(environment: Dict[str, str]) -> str:
    """Import what both sides import, so that no row pays for a cold disk; TensorFlow's version."""
    seconds(Command(("-m", "mnist_repro", "train", "wheel-softmax", "--scale", "subset")), environment)
    ask = [sys.executable, "-c", "import tensorflow; print(tensorflow.__version__)"]
    said = subprocess.run(ask, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return said.decode().strip()


def parser() -> argparse.ArgumentParser:
    """The command line of this script."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [row.name for row in rows(KERAS_3, Path(DATA), "full")]
    made.add_argument("--runs", type=int, default=3, metavar="N", help="pairs for each row (default: %(default)s)")
    made.add_argument("--quick", action="store_true", help="one pair for each row, subset scale, goals not judged")
    made.add_argument("--only", choices=names, action="append", help="this row; may be given again for another")
    return made


def compare(arguments: argparse.Namespace, folder: Path) -> bool:
    """Measure the rows asked for and print their table; whether every goal is met."""
    data = folder / DATA
    described = store_data(data)
    environment = child_environment(data)
    version = warm_up(environment)
    major, minor = version.split(".")[:2]
    measured = [
        (row, measure(row, 1 if arguments.quick else row.pairs * arguments.runs, environment))
        for row in rows((int(major), int(minor)), data, "subset" if arguments.quick else "full")
        if not arguments.only or row.name in arguments.only
    ]
    print(f"TensorFlow {version}, Python {sys.version.split()[0]}, {os.cpu_count()} cores; {described}")
    print(table(measured, judged=not arguments.quick))
    return arguments.quick or all(times.meet(row.goal) for row, times in measured)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the benchmark; its exit code."""
    asked = parser()
    parsed = asked.parse_args(arguments)
    if parsed.runs < 1:
        asked.error(f"--runs {parsed.runs}: it must be 1 or more")
    try:
        with tempfile.TemporaryDirectory() as folder:
            return 0 if compare(parsed, Path(folder)) else 1
    except (BadInput, ProcessError) as error:
        sys.stderr.write(f"benchmark: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
