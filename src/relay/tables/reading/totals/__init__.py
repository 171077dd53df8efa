"""Rows of totals, which are not data."""
