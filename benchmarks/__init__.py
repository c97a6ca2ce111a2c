"""Benchmarks beside peers, outside the wheel: one package each, run by make bench-*."""
