"""The command line and the local services it starts."""
