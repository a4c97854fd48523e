"""From cells to the rows of one run: normalised, selected, split, scaled and kept on disk."""
