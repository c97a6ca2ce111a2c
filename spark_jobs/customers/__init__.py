"""Customers on the cluster: segments, their centroids, customer value."""
