"""The page itself: values in, HTML out."""
