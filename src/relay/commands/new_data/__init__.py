"""Writes a data set's config from its file."""
