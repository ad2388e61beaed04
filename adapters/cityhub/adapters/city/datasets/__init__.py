"""Catalogue of the city's data sets: docs/adapters/city-datasets.md."""
