"""Emptyings of waste bins: docs/adapters/wbd-emptyings.md."""
