"""Implicit-feedback ALS: factors, fold-in, ranking and its quality."""
