"""Benchmarks of the harness for asv: ``make asv``."""
