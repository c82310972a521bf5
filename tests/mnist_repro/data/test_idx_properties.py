"""Whatever array goes into an IDX file comes out again, and whatever bytes are read, only BadInput is raised."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_repro.data import idx
from mnist_repro.errors import BadInput
from tests.builders.mnist_files import write_idx

ANY_ARRAY = st.sampled_from(sorted(idx.TYPES.values())).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
)


@given(array=ANY_ARRAY, suffix=st.sampled_from(["", ".gz"]))
@settings(max_examples=60, deadline=None)
def test_round_trip(array: np.ndarray, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        write_idx(path, array)
        back = idx.read(path)

    assert (array.dtype, array.shape) == (back.dtype, back.shape)
    # As bytes, so that NaN is compared too.
    assert array.tobytes() == back.tobytes()


@given(content=st.binary(max_size=40).map(lambda rest: b"\0\0" + rest), suffix=st.sampled_from(["", ".gz"]))
@example(content=b"\0\0\x08\x03" + b"\xff" * 12, suffix="")
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_either_an_array_or_bad_input(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(content)
        try:
            array = idx.read(path)
        except BadInput:
            return

    assert array.nbytes == len(content) - 4 - 4 * array.ndim
