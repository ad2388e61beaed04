"""Gauges in sewers: docs/adapters/wbd-sewer-levels.md."""
