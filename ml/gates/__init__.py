"""Great Expectations checks between the stages, and where bad rows go."""
