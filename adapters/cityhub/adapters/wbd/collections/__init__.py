"""Calendar of waste collections: docs/adapters/wbd-collections.md."""
