"""Roadworks: DATEX II and WZDx."""
