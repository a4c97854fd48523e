"""What can be named: methods, data sets, metrics and pipelines, found as files."""
