"""Charge points over OCPI: docs/adapters/dvv-charging.md."""
