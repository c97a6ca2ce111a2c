"""What ranks products for customers: signals of one block of customers, and who weighs them."""
