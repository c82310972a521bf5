"""Component two by hand: builds the model again, reads param.hdf5, scores the test images, prints loss and accuracy.

The steps and their order are those of the WHEEL tutorial's page on MNIST. It runs on TensorFlow 2.2.0 and on
newer ones, and needs the one that train.py ran on.
"""

import gzip
import shutil
from pathlib import Path

# The page: the same lines between the steps, as in train.py, stop Python here too.
import numpy as np
from tensorflow import keras

# A folder with MNIST's four IDX files, or mnist.npz. Empty: Keras downloads it.
DATA = ""


def load(place):
    """MNIST as keras.datasets.mnist.load_data() gives it: ((images, labels), (test images, test labels))."""
    if not place:
        return keras.datasets.mnist.load_data()
    if place.endswith(".npz"):
        with np.load(place) as arrays:
            return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    parts = [(f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")]
    return [
        (read(Path(place, images), 16).reshape(-1, 28, 28), read(Path(place, labels), 8)) for images, labels in parts
    ]


def read(file, header):
    """The bytes of an IDX file, plain or packed, without its header."""
    data = file.read_bytes() if file.exists() else gzip.decompress(Path(f"{file}.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


# Load, flatten, scale, one-hot.
x_test, y_test = load(DATA)[1]
x_test = x_test.reshape(len(x_test), 784).astype("float32") / 255
y_test = keras.utils.to_categorical(y_test, 10)

# Build.
model = keras.Sequential([keras.Input(shape=(784,)), keras.layers.Dense(10, activation="softmax")])
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])

# Load the weights. The page: load_weights("param.hdf5"). Keras 3 tells by a file's name how it is laid out.
shutil.copyfile("param.hdf5", "param.weights.h5")
model.load_weights("param.weights.h5")

# Score. The page shows the two lines as Python 2 prints them, with brackets.
loss, accuracy = model.evaluate(x_test, y_test, verbose=2)
print("Test loss:", loss)
print("Test accuracy:", accuracy)
