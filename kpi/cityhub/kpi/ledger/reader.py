"""The ledger for readers: API, screen, command line and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from cityhub.kpi.ledger import balance as balances
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.store.database import Database

Answer = TypeVar("Answer")


class LedgerReader:
    """Reads the ledger; before a writer has made the store it is empty. All methods raise StoreUnavailable.

    Args:
        where: file or URL of the store.
    """

    def __init__(self, where: Path | str) -> None:
        self._where = where

    def balance(self, partner: str, since: date | None = None, until: date | None = None) -> Balance:
        """What the ledger says of a partner; local days, both included."""
        nothing = Balance(partner=partner, difference=0, days=[], senders=[])
        return self._read(lambda connection: balances.balance(connection, partner, since, until), nothing)

    def partners(self) -> list[str]:
        """Partners of which the ledger knows anything."""
        return self._read(balances.partners, [])

    def differences(self) -> Mapping[str, int]:
        """Missing events by partner; without those whose ledger balances."""
        return self._read(balances.differences, {})

    def _read(self, question: Callable[[Connection], Answer], nothing: Answer) -> Answer:
        if isinstance(self._where, Path) and not self._where.exists():
            return nothing
        database = Database(self._where, read_only=True)
        try:
            if not database.has_tables():
                return nothing
            with database.snapshot() as connection:
                return question(connection)
        finally:
            database.close()
