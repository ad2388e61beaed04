"""Completed cases of the Serviceportal: docs/adapters/city-cases.md."""
