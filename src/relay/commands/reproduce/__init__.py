"""Makes a registered model again from what is recorded of it, and compares."""
