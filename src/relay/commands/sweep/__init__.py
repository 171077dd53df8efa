"""`relay sweep NAME`: try many settings, and make a model with the best."""
