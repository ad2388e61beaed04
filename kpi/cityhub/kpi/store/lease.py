"""A lease in the store: at most one holder, each with a higher epoch than the one before."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database

LEASE_MS = 15_000


class Lease:
    """A named lease. Time is given by the caller, milliseconds since the epoch."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def acquire(self, holder: str, now_ms: int) -> bool:
        """Take, keep or extend the lease.

        Returns:
            Whether `holder` has it now; a lease that ran out goes to whoever asks first.
        """
        row = schema.lease.c
        with self._database.begin() as connection:
            held = connection.execute(select(schema.lease).where(row.name == self._name)).one_or_none()
            if held is not None and held.holder != holder and held.expires_ms > now_ms:
                return False
            epoch = 1 if held is None else held.epoch + (held.holder != holder)
            values = {"holder": holder, "epoch": epoch, "expires_ms": now_ms + LEASE_MS}
            upsert = insert(schema.lease).values(name=self._name, **values)
            connection.execute(upsert.on_conflict_do_update(set_=values))
            return True

    def release(self, holder: str) -> None:
        """Give the lease back, so that a successor need not wait."""
        row = schema.lease.c
        with self._database.begin() as connection:
            connection.execute(delete(schema.lease).where((row.name == self._name) & (row.holder == holder)))
