"""Observing beside the ledger, on both databases."""

from __future__ import annotations

from tests.unit.kpi.store.conftest import database, postgres, store_url

__all__ = ["database", "postgres", "store_url"]
