"""Weights in HDF5 files, as every Keras writes and reads them."""
