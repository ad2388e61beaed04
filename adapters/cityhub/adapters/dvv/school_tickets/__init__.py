"""Tickets for the way to school: docs/adapters/dvv-school-tickets.md."""
