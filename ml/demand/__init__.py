"""The demand model: history to forecast and price response."""
