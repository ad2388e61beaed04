"""Alarms and interruptions of supply: docs/adapters/dvv-grid.md."""
