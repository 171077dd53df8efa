"""The command `publish`: upload the runs of the local store to a server."""
