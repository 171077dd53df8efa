"""Models: the libraries that they come from, and loading those that were saved."""
