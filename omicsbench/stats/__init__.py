"""Arrays in, numbers out: n*, intervals, tests, change points, budgets and cost curves."""
