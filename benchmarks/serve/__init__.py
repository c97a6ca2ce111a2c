"""`make bench-serve`: readers on the API while schedules are published and rolled back."""
