"""The read API over the published schedule, for shop systems and tills."""
