"""GEBAG's flats: docs/adapters/gebag-flats.md."""
