"""GEBAG's repairs: docs/adapters/gebag-tickets.md."""
