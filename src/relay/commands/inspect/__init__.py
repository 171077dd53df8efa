"""Commands that look at runs and artifacts, and change nothing."""
