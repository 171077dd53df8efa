"""The local backend: a store in the project's folder that needs no account."""
