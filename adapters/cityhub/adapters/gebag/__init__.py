"""GEBAG: flats, quarters, dialogue."""
