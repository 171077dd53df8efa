"""Models: estimators, their files, their predictions and metrics."""
