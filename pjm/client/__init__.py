"""The client: the pytest session that submits jobs and reports their results."""
