"""Missions of autonomous utility vehicles: docs/adapters/wbd-vehicles.md."""
