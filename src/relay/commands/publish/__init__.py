"""Brings the runs of the local store to W&B."""
