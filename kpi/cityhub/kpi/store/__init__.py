"""The store: cursor and effects in one transaction."""
