"""The kill harness: real broker, real processes, seeded faults, an oracle of its own (docs/proof.md)."""
