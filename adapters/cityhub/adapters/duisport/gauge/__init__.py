"""Water levels from PEGELONLINE: docs/adapters/duisport-gauge.md."""
