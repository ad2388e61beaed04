"""How fast partners' formats are read."""
