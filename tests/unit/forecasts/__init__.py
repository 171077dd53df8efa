"""Forecasts: the time axis, examples, rolling origins, methods and their files."""
