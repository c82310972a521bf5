"""Component one by hand: trains one softmax layer on MNIST, with plain Keras, and leaves its weights in param.hdf5.

The steps and their order are those of the WHEEL tutorial's page on MNIST. It runs on TensorFlow 2.2.0 and on
newer ones. Comments that begin with "The page" say what of the page does not run, or not everywhere, and why.
"""

import gzip
from pathlib import Path

# The page: the lines `---`, `title: ...`, `---` before each step belong to the page's layout and slipped into its
# Python code. Python stops there with a SyntaxError before anything is trained. Here they are comments.
import numpy as np
from tensorflow import keras

# A folder with MNIST's four IDX files, or mnist.npz.
# The page: it always lets Keras download MNIST. An empty text does that here too, but compute nodes mostly cannot.
DATA = ""
IMAGES = 60000
EPOCHS = 20


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


# Load.
(x_train, y_train), (x_test, y_test) = load(DATA)
x_train, y_train = x_train[:IMAGES], y_train[:IMAGES]

# Flatten, scale, one-hot.
x_train = x_train.reshape(len(x_train), 784).astype("float32") / 255
x_test = x_test.reshape(len(x_test), 784).astype("float32") / 255
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

# Build. The page: InputLayer(input_shape=...), an argument that newer Kerases have renamed. Input is the same in all.
model = keras.Sequential([keras.Input(shape=(784,)), keras.layers.Dense(10, activation="softmax")])
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])

# Train. Keras 3 divides by sqrt(v + epsilon) in `rmsprop`, TensorFlow 2.2.0 by sqrt(v) + epsilon: with Keras 3 the test
# loss comes out near 0.265, where the page has 0.2708. The accuracy is the same.
model.fit(x_train, y_train, batch_size=128, epochs=EPOCHS, verbose=2, validation_data=(x_test, y_test))

# Save. The page: save_weights("param.hdf5"), a name that Keras 3 refuses. This one means HDF5 to all of them.
model.save_weights("param.weights.h5")
Path("param.weights.h5").replace("param.hdf5")
