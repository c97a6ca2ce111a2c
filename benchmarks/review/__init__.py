"""How fast the review page opens for a plan of thousands of lines."""
