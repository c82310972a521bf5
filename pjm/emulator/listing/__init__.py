"""What pjstat lists: which jobs, which columns, summaries."""
