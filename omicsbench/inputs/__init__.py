"""A data set or the user's own file: fetched, read and validated."""
