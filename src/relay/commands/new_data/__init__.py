"""The command `new-data`: write a data set's config from its file."""
