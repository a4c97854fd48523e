"""A static site of many result sets: leaderboards, and pages of methods, data sets and metrics."""
