"""Numbers as people write them, in columns of texts."""
