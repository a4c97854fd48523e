"""The checks that every method, data set and metric passes, the project's own and yours."""
