"""What counts as a number, a text, a case; everything else is refused with what to type."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate import measured_values as values


class Tensor:
    """As TensorFlow's eager tensors are: a shape that is no tuple, `__array__`, and no `item`."""

    def __init__(self, held: Any) -> None:
        self._held = np.asarray(held)

    @property
    def shape(self) -> Any:
        return list(self._held.shape)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self._held


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), np.array(0.5), Tensor(0.5)])
def test_numbers_of_every_kind(value: Any) -> None:
    assert (float, 0.5) == (type(values.number(value, "loss")), values.number(value, "loss"))


def test_whole_numbers_infinity_and_nan_are_numbers() -> None:
    assert [3.0, math.inf] == [values.number(each, "loss") for each in (np.int64(3), 10**400)]
    assert math.isnan(values.number(math.nan, "loss"))


@pytest.mark.parametrize(
    "value",
    [True, np.bool_(True), "0.5", None, 1j, [0.5], np.array([0.5]), Tensor([0.5]), Fraction(1, 2), np.str_("a")],
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="a metric is a number"):
        values.number(value, "loss")


def test_a_run_gives_named_numbers_or_one() -> None:
    assert {"value": 0.5} == values.row(0.5, "seed 0")
    assert {"a": 1.0, "b": 2.0} == values.row({"a": 1, "b": np.float32(2)}, "seed 0")


@pytest.mark.parametrize("result", [{}, {1: 0.5}, {"": 0.5}, None, "0.5", {"a": "x"}])
def test_other_results_of_a_run_are_refused(result: Any) -> None:
    with pytest.raises(BadInput):
        values.row(result, "seed 0")


def test_samples_are_numbered_by_seeds_and_have_the_same_metrics() -> None:
    assert {0: {"a": 1.0}, 7: {"a": 2.0}} == values.rows({0: {"a": 1}, np.int64(7): {"a": 2}})
    for samples in ({"0": 1.0}, {-1: 1.0}, {True: 1.0}, {0.0: 1.0}, {}, {0: {"a": 1}, 1: {"b": 1}}):
        with pytest.raises(BadInput):
            values.rows(samples)


def test_exact_values_are_kept_or_hashed() -> None:
    exact = values.exact_values({"n": np.int32(3), "s": "text", "b": b"bytes", "a": np.arange(3), "t": True})

    assert (3, "text", 1) == (exact["n"], exact["s"], exact["t"])
    assert str(exact["b"]).startswith("sha256:")
    assert exact["a"] != values.exact_values({"a": np.arange(3.0)})["a"]


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), None, [1], {"a": 1}, np.array([None])])
def test_a_float_is_no_exact_value(value: Any) -> None:
    with pytest.raises(BadInput):
        values.exact_values({"it": value})


@pytest.mark.parametrize(
    ("value", "as_typed", "made"),
    [([1, 2], "numpy.array(…)", np.array), ({"a": 1}, "str(…)", str), (None, "str(…)", str)],
)
def test_an_exact_value_of_another_kind_is_named_with_one_that_is_taken(
    value: Any, as_typed: str, made: Callable[[Any], Any]
) -> None:
    with pytest.raises(BadInput) as caught:
        values.exact_values({"it": value})

    assert caught.value.what.startswith("exact it is of type ")
    assert caught.value.fix.startswith(f"exact={{'it': {as_typed}}}, ")
    assert "it" in values.exact_values({"it": made(value)})


def test_a_file_that_cannot_be_read_is_called_as_the_test_calls_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"it={tmp_path / 'gone'}: No such file"):
        values.exact_values({"it": tmp_path / "gone"})


def test_the_example_of_a_tolerance_is_of_the_argument_that_was_wrong() -> None:
    with pytest.raises(BadInput, match=r"\n  next: close=\{'it': \(…, 1e-9\)\}; a number that may not differ at all: "):
        values.close_values({"it": (1.0, 2.0)})


def test_close_values_have_a_tolerance_of_their_own_or_the_common_one() -> None:
    assert ({"a": 1.0, "b": 2.0}, {"b": 1e-3}) == values.close_values({"a": 1, "b": (2.0, 1e-3)})
    for tolerance in (0, 1, -1e-3, math.nan, "1e-3"):
        with pytest.raises(BadInput):
            values.close_values({"a": (1.0, tolerance)})


def test_a_digest_is_of_content(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"abc")

    assert values.digest(file) == values.digest("abc") == values.digest(bytearray(b"abc"))
    assert values.digest(np.zeros((2, 3))) != values.digest(np.zeros((3, 2)))
    for data in (tmp_path, tmp_path / "missing", 3, [1, 2], np.array([None])):
        with pytest.raises(BadInput):
            values.digest(data)


def test_conditions_are_short_texts() -> None:
    assert {"model": "small", "size": "3"} == values.conditions_of({"model": "small", "size": 3})
    for conditions in ("small", {1: "a"}, {"": "a"}, {"a": None}, {"a": ["b"]}):
        with pytest.raises(BadInput):
            values.conditions_of(conditions)


def test_cases_have_one_value_or_one_for_each_repeat() -> None:
    assert {"a": {"value": [1.0]}, "7": {"value": [0.0, 1.0]}} == values.case_values({"a": True, 7: [False, True]})
    drawn = {"a": np.bool_(True), "b": np.array([True, False]), "c": [np.float32(0.5)]}
    assert [[1.0], [1.0, 0.0], [0.5]] == [each["value"] for each in values.case_values(drawn).values()]
    refused: List[Any] = [{"a": np.ones((2, 2))}, {"a": np.array(["yes"])}]
    refused += [{None: True}, {"": True}, {"a": []}, {"a": "yes"}, {"a": {}}, {"a": {"x": 1}, "b": {"y": 1}}]
    for results in refused:
        with pytest.raises(BadInput):
            values.case_values(results)
