"""Adapters of the city administration."""
