"""Do the runs: processes, limits, clocks, fits and scores."""
