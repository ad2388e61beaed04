"""The ledger beside the engine, on both databases."""

from __future__ import annotations

from tests.unit.kpi.store.conftest import database, engine, postgres, store_url

__all__ = ["database", "engine", "postgres", "store_url"]
