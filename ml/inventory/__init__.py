"""Stock: projected paths and what they leave for promotions."""
