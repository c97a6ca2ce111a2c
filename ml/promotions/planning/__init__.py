"""From tables and policy to a problem, and back to a proposal."""
