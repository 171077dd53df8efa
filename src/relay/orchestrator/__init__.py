"""Plans and runs the pipeline; components do not import any of this."""
