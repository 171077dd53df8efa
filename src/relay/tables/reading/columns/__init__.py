"""What a column has: its dtype is inferred or set, its missing values are marked."""
