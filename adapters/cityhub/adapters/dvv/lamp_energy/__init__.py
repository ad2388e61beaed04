"""Energy of street lamps: docs/adapters/dvv-lamp-energy.md."""
