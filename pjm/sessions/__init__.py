"""Session folders: the files of a session, and the commands that list and show sessions."""
