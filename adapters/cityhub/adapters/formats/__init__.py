"""Formats that several partners speak."""
