"""Two revisions of a repository built side by side and run in turn."""
