"""Rankings of ours beside simple recommenders, on the same purchases in the same run."""
