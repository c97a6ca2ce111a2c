"""What each option would sell, cost and bring."""
