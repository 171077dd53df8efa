"""Forecasts of time series: the time axis, methods, and their scores by rolling origin."""
