"""The command that shows results in the browser, from one start page."""
