"""Contributions to the city's participation processes: docs/adapters/city-participation.md."""
