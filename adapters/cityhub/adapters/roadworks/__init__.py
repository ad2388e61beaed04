"""Roadworks of several owners in DATEX II or WZDx: docs/adapters/roadworks.md."""
