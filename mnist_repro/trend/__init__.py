"""The trend page: the gate reports of many sessions, each metric over commits, and which of them drift."""
