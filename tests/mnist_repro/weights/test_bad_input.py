"""What is no file of the recipe's weights is refused: what was found, what is expected, what to type."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Tuple

import numpy as np
import pytest

from mnist_repro.errors import BadInput
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import lay_out
from mnist_repro.training import framework
from mnist_repro.training.seeds import initial_weights
from mnist_repro.weights import hdf5
from mnist_repro.weights import param_hdf5 as weights

AGAIN = "copy it again, or train again: mnist-repro train RECIPE --out DIR"
HEADER = r"HDF5 files begin with b'\x89HDF\r\n\x1a\n'"


def written(folder: Path, name: str) -> Path:
    recipe = find(name)
    path = folder / "param.hdf5"
    weights.write(path, recipe, initial_weights(name, lay_out(recipe.layers, recipe.input_shape), 0))
    return path


def edited(path: Path, edit: Callable[[Any], object]) -> Path:
    with hdf5.library().File(str(path), "r+") as root:
        edit(root)
    return path


def refusal(path: Path, name: str) -> Tuple[str, str, str]:
    """The message of reading ``path`` as weights of a recipe, with PATH for the path."""
    with pytest.raises(BadInput) as caught:
        weights.read(path, find(name))
    what, why, fix = (part.replace(str(path), "PATH") for part in caught.value.args)
    return what, why, fix


def test_missing_file(tmp_path: Path) -> None:
    assert (
        f"cannot read PATH: {os.strerror(errno.ENOENT)}",
        "an HDF5 file that is there, and readable by the user who runs this, is expected",
        "check its name and permissions (ls -l PATH), or make one: mnist-repro train RECIPE --out DIR",
    ) == refusal(tmp_path / "param.hdf5", "vgg7")


def test_folder(tmp_path: Path) -> None:
    assert (
        "cannot read PATH: it is a folder",
        "an HDF5 file is expected",
        "name the file itself, such as DIR/param.hdf5",
    ) == refusal(tmp_path, "vgg7")


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "param.hdf5"
    os.mkfifo(pipe)

    assert "cannot read PATH: it is a pipe, socket or device" == refusal(pipe, "vgg7")[0]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc: no file that root may open and not read")
def test_file_that_cannot_be_read_even_by_root() -> None:
    # Its first page is never mapped, so that reading fails for everybody.
    assert (
        f"cannot read PATH: {os.strerror(errno.EIO)}",
        "an HDF5 file that is there, and readable by the user who runs this, is expected",
        "check its name and permissions (ls -l PATH), or make one: mnist-repro train RECIPE --out DIR",
    ) == refusal(Path("/proc/self/mem"), "vgg7")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "param.hdf5"
    path.touch()

    assert ("PATH is empty: 0 bytes", "an HDF5 file is expected", AGAIN) == refusal(path, "vgg7")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04 and so on", "a zip archive, as .keras and .npz files are"),
        (b"\x1f\x8b\x08 and so on", "a gzip file"),
        (b"Test loss: 0.27", "it begins with b'Test los'"),
    ],
)
def test_other_formats(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "param.hdf5"
    path.write_bytes(content)

    assert (f"PATH is not an HDF5 file: {kind}", HEADER, AGAIN) == refusal(path, "vgg7")


def test_truncated_file_says_how_much_is_there(tmp_path: Path) -> None:
    path = written(tmp_path, "vgg7")
    os.truncate(path, 1_000_000)
    what, why, fix = refusal(path, "vgg7")

    assert ("PATH is truncated or damaged: 1,000,000 bytes", AGAIN) == (what, fix)
    assert why.startswith(DAMAGED)


def test_truncated_anywhere(tmp_path: Path) -> None:
    path = written(tmp_path, "wheel-softmax")
    content = path.read_bytes()

    for length in (*range(1, 100), *range(100, len(content), 997), len(content) - 1):
        path.write_bytes(content[:length])

        assert refusal(path, "wheel-softmax")[0].startswith("PATH is truncated or damaged: ")


def test_another_recipe_whose_shapes_differ(tmp_path: Path) -> None:
    assert (
        "PATH does not hold the weights of keras-cnn: its layer 1 with weights is conv2d (2×2×1×8, 8)",
        "keras-cnn has conv2d (3×3×1×32, 32) there",
        "it fits vgg7: mnist-repro estimate PATH --recipe vgg7",
    ) == refusal(written(tmp_path, "vgg7"), "keras-cnn")


def test_another_recipe_with_more_layers(tmp_path: Path) -> None:
    what, why, fix = refusal(written(tmp_path, "vgg7-bn"), "vgg7")

    extra = "batch_normalization (8, 8, 8, 8), batch_normalization_1 (16, 16, 16, 16)"
    assert f"PATH does not hold the weights of vgg7: it has layers {extra} too many" == what
    assert why.startswith("vgg7 has 8 layers with weights: conv2d (2×2×1×8, 8), conv2d_1 (2×2×8×8, 8), ")
    assert "it fits vgg7-bn: mnist-repro estimate PATH --recipe vgg7-bn" == fix


def test_weights_that_fit_two_other_recipes(tmp_path: Path) -> None:
    commands = [f"mnist-repro estimate PATH --recipe {name}" for name in ("wheel-softmax", "tf-softmax")]
    refused = refusal(written(tmp_path, "tf-softmax"), "vgg7")

    assert f"it fits wheel-softmax and tf-softmax: {' or '.join(commands)}" == refused[2]


def remove_layer(root: Any) -> None:
    root.attrs["layer_names"] = np.array([name for name in root.attrs["layer_names"] if name != b"conv2d_2"])
    del root["conv2d_2"]


def remove_group_only(root: Any) -> None:
    del root["conv2d_2"]


def remove_dataset_only(root: Any) -> None:
    del root["conv2d_2/conv2d_2/bias:0"]


def remove_weight(root: Any) -> None:
    root["conv2d_2"].attrs["weight_names"] = np.array([b"conv2d_2/kernel:0"])
    del root["conv2d_2/conv2d_2/bias:0"]


def remove_all(root: Any) -> None:
    root.attrs["layer_names"] = np.array([], dtype="S1")
    for name in list(root):
        del root[name]


def add_layer(root: Any) -> None:
    root.copy("dense_2", "dense_3")
    root.attrs["layer_names"] = np.array([*root.attrs["layer_names"], b"dense_3"])


def add_group_only(root: Any) -> None:
    root.create_group("attention")


def add_dataset_only(root: Any) -> None:
    root["dense/dense/scale:0"] = np.ones(256, np.float32)


def add_top_level(root: Any) -> None:
    group = root.create_group("top_level_model_weights")
    group.attrs["weight_names"] = np.array([b"temperature:0"])
    group["temperature:0"] = np.ones((), np.float32)


def forget_layers(root: Any) -> None:
    del root.attrs["layer_names"]


def put_nan(root: Any) -> None:
    root["dense_1/dense_1/kernel:0"][3, 5] = np.nan


def put_infinities(root: Any) -> None:
    root["conv2d/conv2d/bias:0"][2:5] = -np.inf


def other_dtype(dtype: str) -> Callable[[Any], None]:
    def edit(root: Any) -> None:
        values = root["dense/dense/bias:0"][()]
        del root["dense/dense/bias:0"]
        root["dense/dense/bias:0"] = values.astype(dtype)

    return edit


def never_written(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(256,), dtype="<f4")


def memory_bomb(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(10**6, 10**6), dtype="<f4", chunks=(1000, 1000), compression=9)


def soft_link(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root["dense/dense/bias:0"] = hdf5.library().SoftLink("/dense_1/dense_1/bias:0")


def external_link(root: Any) -> None:
    del root["dense"]
    root["dense"] = hdf5.library().ExternalLink("other.hdf5", "/dense")


def circle(root: Any) -> None:
    root["dense/dense/around"] = root["dense"]


def virtual(root: Any) -> None:
    layout = hdf5.library().VirtualLayout(shape=(256,), dtype="<f4")
    layout[:] = hdf5.library().VirtualSource("other.hdf5", "bias", shape=(256,))
    del root["dense/dense/bias:0"]
    root.create_virtual_dataset("dense/dense/bias:0", layout)


def external(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(256,), dtype="<f4", external=[("/etc/passwd", 0, 1024)])


def reference(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset(
        "dense/dense/bias:0", shape=(256,), dtype=hdf5.library().special_dtype(ref=hdf5.library().Reference)
    )


def path_upwards(root: Any) -> None:
    root["dense"].attrs["weight_names"] = np.array([b"dense/kernel:0", b"../dense_1/dense_1/bias:0"])


def names_of_numbers(root: Any) -> None:
    root.attrs["layer_names"] = np.arange(3)


def names_not_utf8(root: Any) -> None:
    root.attrs["layer_names"] = np.array([b"\xff\xfe"])


VGG7 = "vgg7 has 8 layers with weights: "
DAMAGED = "HDF5 stopped reading it: "
STORED = "weights are stored in the file"
NO_RECIPE = "it fits no recipe; train again: mnist-repro train vgg7 --out DIR"
OTHER_TYPES = "float32 is expected; other types are not converted, because what was trained would change"
SET_FLOATX = "save the model again with keras.backend.set_floatx('float32')"
DOWN = "names lead down from group to group"
FINITE = "weights are finite numbers; a training that diverged, or damage, leaves others"
TRAIN = "train again: mnist-repro train RECIPE --out DIR"


@pytest.mark.parametrize(
    ("edit", "what", "why", "fix"),
    [
        (remove_layer, " does not hold the weights of vgg7: it lacks layer conv2d_2 (2×2×8×16, 16)", VGG7, NO_RECIPE),
        (remove_group_only, " lacks layer 'conv2d_2', which it lists", "each layer listed has its group", AGAIN),
        (
            *(remove_dataset_only, " lacks weight 'conv2d_2/bias:0' of layer '/conv2d_2', which it lists"),
            *("each weight listed has its dataset", AGAIN),
        ),
        (
            *(remove_weight, " does not hold the weights of vgg7: its layer 3 with weights is conv2d_2 (2×2×8×16)"),
            *("vgg7 has conv2d_2 (2×2×8×16, 16) there", NO_RECIPE),
        ),
        (remove_all, " does not hold the weights of vgg7: it lacks layers conv2d (2×2×1×8, 8), ", VGG7, NO_RECIPE),
        (add_layer, " does not hold the weights of vgg7: it has layer dense_3 (256×10, 10) too many", VGG7, NO_RECIPE),
        (
            *(add_group_only, " holds an extra layer, 'attention' in /, which it does not list"),
            *("each layer is listed in the attribute layer_names", AGAIN),
        ),
        (
            *(add_dataset_only, " holds an extra weight, 'scale:0' in /dense/dense, which it does not list"),
            *("each weight is listed in the attribute weight_names", AGAIN),
        ),
        (
            *(add_top_level, " holds weights that belong to no layer, in top_level_model_weights"),
            *("each weight belongs to a layer", AGAIN),
        ),
        (
            *(forget_layers, " lists no layers: / has no attribute layer_names"),
            *("weights in the Keras 2 layout list their layers there", AGAIN),
        ),
        (
            *(put_nan, " holds nan in layer 'dense_1', weight 'dense_1/kernel:0': 1 of 65,536 numbers are not finite"),
            *(FINITE, TRAIN),
        ),
        (
            *(put_infinities, " holds -inf in layer 'conv2d', weight 'conv2d/bias:0': 3 of 8 numbers are not finite"),
            *(FINITE, TRAIN),
        ),
        (other_dtype("f2"), ": /dense/dense/bias:0 is float16", OTHER_TYPES, SET_FLOATX),
        (other_dtype("f8"), ": /dense/dense/bias:0 is float64", OTHER_TYPES, SET_FLOATX),
        (other_dtype("i4"), ": /dense/dense/bias:0 is int32", OTHER_TYPES, SET_FLOATX),
        (reference, ": /dense/dense/bias:0 is object", OTHER_TYPES, SET_FLOATX),
        (
            never_written,
            ": /dense/dense/bias:0 declares 256 numbers and stores 0 bytes",
            "its numbers are missing",
            AGAIN,
        ),
        (memory_bomb, ": /dense/dense/bias:0 declares 1,000,000,000,000 numbers and stores 0 bytes", "", AGAIN),
        (
            *(soft_link, ": 'bias:0' in /dense/dense is a link (SoftLink)"),
            *(f"{STORED} itself; links to other places and files are not followed", AGAIN),
        ),
        (
            *(external_link, ": 'dense' in / is a link (ExternalLink)"),
            *(f"{STORED} itself; links to other places and files are not followed", AGAIN),
        ),
        (circle, " holds an extra weight, 'around' in /dense/dense, which it does not list", "", AGAIN),
        (virtual, ": /dense/dense/bias:0 is a virtual dataset, with its numbers in other files", STORED, AGAIN),
        (external, ": /dense/dense/bias:0 is an external dataset, with its numbers in other files", STORED, AGAIN),
        (path_upwards, " names '../dense_1/dense_1/bias:0' in /dense", DOWN, AGAIN),
        (names_of_numbers, " is truncated or damaged: ", f"{DAMAGED}int where text belongs", AGAIN),
        (names_not_utf8, " is truncated or damaged: ", DAMAGED, AGAIN),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else "",
)
def test_edited_file(edit: Callable[[Any], object], what: str, why: str, fix: str, tmp_path: Path) -> None:
    refused = refusal(edited(written(tmp_path, "vgg7"), edit), "vgg7")

    assert (f"PATH{what}", why, fix) == (refused[0][: len(what) + 4], refused[1][: len(why)], refused[2])


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")
def test_whole_model_where_weights_belong(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    framework.save_model(framework.build(find("tf-softmax")), path)
    message = (
        "PATH is a whole-model file: it holds an architecture beside the weights",
        "weights alone are expected, as in param.hdf5",
        f"mnist-repro predict PATH, which takes whole models, or: mnist-repro estimate {tmp_path}/param.hdf5",
    )
    with pytest.raises(BadInput) as caught:
        weights.identify(path)

    assert message == refusal(path, "tf-softmax")
    assert message == tuple(part.replace(str(path), "PATH") for part in caught.value.args)


def test_weights_in_the_layout_of_keras_3(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    with hdf5.library().File(str(path), "w") as root:
        root["layers/dense/vars/0"] = np.zeros((784, 10), np.float32)

    assert (
        "PATH is in the layout of Keras 3 (.weights.h5)",
        "weights in the Keras 2 layout are expected, as in param.hdf5",
        "save the model whole from Keras 3, model.save('model.h5'), and: mnist-repro predict model.h5",
    ) == refusal(path, "tf-softmax")


def test_weights_that_fit_no_recipe_are_not_identified(tmp_path: Path) -> None:
    def shrink(root: Any) -> None:
        del root.attrs[weights.RECIPE_ATTRIBUTE]
        remove_weight(root)

    path = edited(written(tmp_path, "vgg7"), shrink)
    with pytest.raises(BadInput) as caught:
        weights.identify(path)

    assert caught.value.what.startswith(f"{path} fits no recipe: it holds conv2d (2×2×1×8, 8), ")
    assert f"mnist-repro estimate {path} --recipe RECIPE says what differs from one of them" == caught.value.fix


FULL_DISK = """\
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from mnist_repro.weights import param_hdf5 as weights
from mnist_repro.errors import BadInput
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import lay_out
from mnist_repro.training.seeds import initial_weights
recipe = find("vgg7")
try:
    weights.write(Path(sys.argv[1]), recipe, initial_weights("vgg7", lay_out(recipe.layers, recipe.input_shape), 1))
except BadInput as error:
    print(error.what)
"""


def test_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, "vgg7")
    before = path.read_bytes()
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        check=True,
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    ).stdout

    assert f"cannot write {path}: {os.strerror(errno.EFBIG)}\n" == said
    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())
