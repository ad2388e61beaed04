"""Slow sources that send tables."""
