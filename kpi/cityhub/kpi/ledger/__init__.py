"""The loss ledger: of everything that came through a door, what became of it (docs/ledger.md)."""
