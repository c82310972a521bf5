"""The output of pjstat: which jobs it shows, with which columns, and the summaries."""
