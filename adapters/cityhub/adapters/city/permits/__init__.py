"""Permits for parking and trenches: docs/adapters/city-permits.md."""
