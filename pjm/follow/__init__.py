"""Following jobs: submit, poll, read results, try again, delete."""
