"""Arrivals and departures of vessels from AIS: docs/adapters/duisport-vessels.md."""
