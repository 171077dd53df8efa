"""Dates and times as people write them, in columns of texts."""
