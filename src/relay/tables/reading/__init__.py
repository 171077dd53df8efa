"""Reads the files that people have: what kind a file is, how it is laid out, its table."""
