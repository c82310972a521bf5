"""What runs in a job. A job gets a copy of this folder and of the modules beside it."""
