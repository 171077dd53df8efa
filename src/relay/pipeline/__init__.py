"""The plan of a pipeline, its step cache, and one run of it from start to summary."""
