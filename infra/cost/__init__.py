"""What a stack costs a month, as a range: list prices as data, sizes as assumptions, a rule for each resource type."""
