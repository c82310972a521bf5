"""Reads and writes digits as picture files, with TensorFlow's decoders and encoders."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import replacing
from mnist_repro.files.guarded import Expected, open_regular
from mnist_repro.training import framework

LARGEST_FILE = 1 << 20
_SHOWN = 200
_EXPECTED = Expected("a picture of 28×28 pixels", "name a PNG, JPEG, GIF or BMP file", "name another with --image")


def read_image(path: Path) -> np.ndarray:
    """Read a picture in the form of MNIST's digits: uint8, shape (28, 28), white on black. Colours become grey.

    Raises:
        BadInput: the file cannot be read, is not a picture, or has another size.
    """
    with open_regular(path, _EXPECTED) as file:
        content = file.read(LARGEST_FILE + 1)
    tf = framework.tensorflow()
    try:
        if len(content) > LARGEST_FILE:
            raise ValueError(f"more than {LARGEST_FILE:,} bytes")
        decoded = tf.io.decode_image(content, channels=0, expand_animations=False)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        raise BadInput(
            f"{path} is not a picture that can be read",
            f"PNG, JPEG, GIF and BMP are known: {_reason(error)}",
            "convert it to a PNG of 28×28 pixels",
        ) from error
    pixels = decoded.numpy()
    if pixels.shape[:2] != (28, 28):
        raise BadInput(
            f"{path} has {pixels.shape[1]}×{pixels.shape[0]} pixels",
            "the models take 28×28, as MNIST has them",
            "scale the picture to 28×28 pixels: white digit, black ground, digit centred",
        )
    colours = pixels[:, :, : 3 if pixels.shape[2] >= 3 else 1]
    return np.asarray(colours.astype(np.uint32).mean(axis=2).round(), dtype=np.uint8)


def _reason(error: Exception) -> str:
    """TensorFlow's message, without the place in TensorFlow."""
    message = re.sub(r"\{\{.*?\}\}|\[Op:\w+\]", "", str(error).partition("\n")[0]).strip()
    return message[:_SHOWN] or type(error).__name__


def write_png(path: Path, image: np.ndarray) -> None:
    """Write a digit, uint8 (28, 28), as a PNG, atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(framework.tensorflow().image.encode_png(image[:, :, None]).numpy())
