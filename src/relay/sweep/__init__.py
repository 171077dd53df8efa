"""Sweeps: many trials of settings, and the best of them."""
