"""Slow sources that send tables: one adapter, a mapping file for each source. See docs/adapters/tables.md."""
