"""Training: trains a model from recipe, data and seed. Only this wing imports TensorFlow."""
