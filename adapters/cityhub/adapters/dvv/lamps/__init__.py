"""Sensors on smart lamps: docs/adapters/dvv-lamps.md."""
