"""The plan as a problem of arrays, and how it is solved."""
