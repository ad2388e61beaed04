"""Sensors in waste bins: docs/adapters/wbd-bins.md."""
