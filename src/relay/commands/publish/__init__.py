"""Brings the runs of the local store to a server."""
