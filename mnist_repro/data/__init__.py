"""Where the digits come from: MNIST found and verified, or drawn when there is none."""
