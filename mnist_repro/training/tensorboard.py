"""Writes log lines as TensorBoard scalars with TensorFlow; the package `tensorboard` is only needed to view them."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Callable, Iterator, Optional

from mnist_repro.runs.log import Line
from mnist_repro.training import framework

Record = Callable[[Optional[Line]], None]


@contextlib.contextmanager
def writer(folder: Optional[Path]) -> Iterator[Record]:
    """A function that writes lines into ``folder``; without a folder, it does nothing."""
    if folder is None:
        yield lambda line: None
        return
    tf = framework.tensorflow()
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    with tf.summary.create_file_writer(str(folder)).as_default():

        def record(line: Optional[Line]) -> None:
            figures = asdict(line) if line else {}
            after = figures.pop("after", 0)
            for name, value in figures.items():
                if value is not None:
                    tf.summary.write(name, tf.constant(value, tf.float32), step=after, metadata=metadata)

        yield record
