"""What can be named: methods, data sets and pipelines, found as files."""
