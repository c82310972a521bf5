"""The code that runs in a job. Each session copies this folder and the modules beside it for its jobs."""
