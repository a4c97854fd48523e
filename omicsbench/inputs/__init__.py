"""Where a data set comes from: the registry, downloads, the user's own; in a cache."""
