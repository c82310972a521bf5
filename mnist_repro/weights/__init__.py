"""Weights in HDF5 files: reads and writes the format that Keras 2 and Keras 3 share."""
