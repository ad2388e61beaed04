"""Load curves of power, gas and heat in EDIFACT MSCONS: docs/adapters/dvv-load-curves.md."""
