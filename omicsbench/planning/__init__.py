"""From a suite to its runs, and what they will take."""
