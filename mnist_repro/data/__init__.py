"""The data: finds, downloads and verifies MNIST, or draws surrogate digits if there is no MNIST."""
