"""The settings by which a file is read, and their words: names of columns, dtypes, filters."""
