"""Papers of the council over OParl: docs/adapters/city-council.md."""
