"""A Keras model's JSON description into layer values; what we have no value for is refused. Pure: nothing is run.

Keras 2 runs the code that a Lambda layer carries, and early Keras 3 imports whatever module the description names, so
nothing reaches Keras before it has passed here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple

from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D

ACTIVATIONS = ("relu", "softmax", "linear")

_MODELS = ("Functional", "Model", "Sequential")
_INITIALIZERS = (
    *("Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"),
    *("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
)
_DESCRIPTIONS = ("DTypePolicy", "Policy", "__keras_tensor__")

# Settings that change nothing of what a trained layer computes.
_FREE = ("name", "trainable", "dtype", "seed", "batch_input_shape", "batch_shape", "renorm_momentum")

# Settings of which we have one value only; a setting that is neither here, free, nor a layer's own must be off.
_FIXED: Mapping[str, Tuple[Any, ...]] = {
    "use_bias": (True,),
    "center": (True,),
    "scale": (True,),
    "strides": ([1, 1], [2, 2]),  # which of them, says _STRIDES
    "pool_size": ([2, 2],),
    "dilation_rate": ([1, 1],),
    "groups": (1,),
    "data_format": ("channels_last",),
    "axis": (-1, 3, [-1], [3]),
}
_STRIDES = {"Conv2D": [1, 1], "MaxPooling2D": [2, 2]}


class UnknownModelError(Exception):
    """The description holds something that we have no value for: what was found, and what is expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected


@dataclass(frozen=True)
class Architecture:
    """A model without its weights.

    Args:
        input_shape: of one image as the model takes it.
        layers: from input to output, in a row.
    """

    input_shape: Tuple[int, ...]
    layers: Tuple[Layer, ...]


def parse(description: str) -> Architecture:
    """The architecture that the attribute ``model_config`` of a whole-model file describes, of Keras 2 or 3.

    Raises:
        UnknownModelError: no JSON, a layer, activation or setting that we have no value for, or layers not in a row.
    """
    try:
        whole = json.loads(description)
    except (ValueError, RecursionError) as error:
        raise UnknownModelError(
            f"a description that is not JSON ({error})", "Keras describes models in JSON"
        ) from error
    for named in _objects(whole):
        _require_known(named)
    try:
        return _architecture(whole)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnknownModelError(
            f"a description that makes no sense ({error!r})", "Keras describes each layer in full"
        ) from error


def _objects(whole: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in the description that names a class, however deep."""
    waiting: List[Any] = [whole]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if {"class_name", "module", "registered_name"} & set(value):
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _require_known(named: Mapping[str, Any]) -> None:
    """Refuse a class that is not Keras' own, or not one of the few that our models are made of."""
    name = named.get("class_name")
    known = (*_MODELS, "InputLayer", *_LAYERS, *_INITIALIZERS, *_DESCRIPTIONS)
    if name not in known:
        raise UnknownModelError(
            f"a layer or object of class {_shown(name)}",
            f"the layers known here are InputLayer, {', '.join(_LAYERS)}; others may carry code that Keras would run",
        )
    module = named.get("module")
    if module is not None and not (isinstance(module, str) and (module == "keras" or module.startswith("keras."))):
        raise UnknownModelError(f"a {name} out of module {_shown(module)}", "Keras' own classes are expected")
    if named.get("registered_name") not in (None, name):
        raise UnknownModelError(
            f"a {name} registered as {_shown(named['registered_name'])}", "Keras' own classes are expected"
        )


def _architecture(whole: Mapping[str, Any]) -> Architecture:
    if whole["class_name"] not in _MODELS:
        raise UnknownModelError(
            f"a model of class {_shown(whole['class_name'])}", f"a model is one of {', '.join(_MODELS)}"
        )
    config = whole["config"]
    # Keras before 2.2.3 wrote the layers of a Sequential without anything around them.
    entries = config if isinstance(config, list) else config["layers"]
    if whole["class_name"] != "Sequential":
        _require_row(config, entries)
    first = entries[0]["config"]
    shape = first["batch_shape"] if "batch_shape" in first else first["batch_input_shape"]
    if entries[0]["class_name"] == "InputLayer":
        entries = entries[1:]
    return Architecture(tuple(_count(length) for length in shape[1:]), tuple(_layer(entry) for entry in entries))


def _require_row(config: Mapping[str, Any], entries: List[Any]) -> None:
    """Refuse a graph in which anything but the layer before feeds a layer."""
    names = [entry["name"] for entry in entries]
    fed_by = [_sources(entry["inbound_nodes"]) for entry in entries]
    ends = [_flat(config["input_layers"])[0], _flat(config["output_layers"])[0]]
    if fed_by != [[], *([name] for name in names[:-1])] or ends != [names[0], names[-1]]:
        raise UnknownModelError("layers that are not in a row", "each layer takes what the layer before it gives")


def _sources(nodes: List[Any]) -> List[str]:
    """The names of the layers that feed a layer; in Keras 2's notation or in Keras 3's."""
    names: List[str] = []
    for node in nodes:
        if isinstance(node, dict):
            names += [argument["config"]["keras_history"][0] for argument in node["args"]]
            settings = [node["kwargs"]]
        else:
            names += [source[0] for source in node]
            settings = [source[3] for source in node]
        if any(value not in (None, False) for setting in settings for value in setting.values()):
            raise UnknownModelError(f"a layer called with {settings}", "layers are called with their input alone")
    return names


def _flat(ends: List[Any]) -> List[Any]:
    return list(ends[0]) if isinstance(ends[0], list) else ends


def _layer(entry: Mapping[str, Any]) -> Layer:
    kind, config = entry["class_name"], entry["config"]
    if kind not in _LAYERS:
        raise UnknownModelError(f"a {_shown(kind)} among the layers", f"the layers known here are {', '.join(_LAYERS)}")
    own, make = _LAYERS[kind]
    for key, value in config.items():
        allowed = (_STRIDES[kind],) if key == "strides" else _FIXED.get(key, (None, False))
        if key not in own and key not in _FREE and not key.endswith("_initializer") and value not in allowed:
            raise UnknownModelError(
                f"a {kind} with {_shown(key)} {_shown(value)}", f"{_shown(allowed[0])} is expected there"
            )
    if "dtype" in config and _dtype(config["dtype"]) != "float32":
        raise UnknownModelError(f"a {kind} of {_shown(config['dtype'])}", "float32 is expected")
    return make(config)


def _dtype(policy: Any) -> Any:
    return policy["config"]["name"] if isinstance(policy, dict) else policy


def _count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{value!r} is no count")
    return value


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0.0 <= value < 1.0:
        raise ValueError(f"{value!r} is no share")
    return float(value)


def _one_of(value: Any, allowed: Tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise UnknownModelError(f"{what} {_shown(value)}", f"{what} is one of {', '.join(allowed)}")
    return str(value)


def _dense(config: Mapping[str, Any]) -> Layer:
    return Dense(_count(config["units"]), _one_of(config["activation"], ACTIVATIONS, "activation"))


def _conv2d(config: Mapping[str, Any]) -> Layer:
    height, width = config["kernel_size"]
    if height != width:
        raise UnknownModelError(f"a window of {_shown(config['kernel_size'])}", "windows are square")
    padding = _one_of(config["padding"], ("valid", "same"), "padding")
    activation = _one_of(config["activation"], ACTIVATIONS, "activation")
    return Conv2D(_count(config["filters"]), _count(height), padding, activation)


def _max_pooling2d(config: Mapping[str, Any]) -> Layer:
    return MaxPooling2D(_one_of(config["padding"], ("valid", "same"), "padding"))


def _dropout(config: Mapping[str, Any]) -> Layer:
    return Dropout(_share(config["rate"]))


def _batch_normalization(config: Mapping[str, Any]) -> Layer:
    return BatchNormalization(_share(config["momentum"]), _share(config["epsilon"]))


def _flatten(config: Mapping[str, Any]) -> Layer:
    return Flatten()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


# Of each layer: the settings that its value keeps, and how to make it.
_LAYERS: Dict[str, Tuple[Tuple[str, ...], Callable[[Mapping[str, Any]], Layer]]] = {
    "Conv2D": (("filters", "kernel_size", "padding", "activation"), _conv2d),
    "MaxPooling2D": (("padding",), _max_pooling2d),
    "Dropout": (("rate",), _dropout),
    "BatchNormalization": (("momentum", "epsilon"), _batch_normalization),
    "Flatten": ((), _flatten),
    "Dense": (("units", "activation"), _dense),
}
