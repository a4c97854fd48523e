"""Are these cells fit to be benchmarked: what the values are, labels, cells that repeat."""
