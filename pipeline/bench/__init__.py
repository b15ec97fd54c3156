"""Benchmarks (``svod bench``): how fast, on this machine, in figures."""
