"""Following the jobs of a session: submit, poll, read results, retry, delete."""
