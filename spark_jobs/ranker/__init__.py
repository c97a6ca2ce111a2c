"""The ranker's inputs on the cluster: histories, candidates, training examples."""
