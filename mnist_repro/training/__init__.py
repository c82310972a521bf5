"""Training: from recipe, data and seed to a trained model. TensorFlow is imported here alone."""
