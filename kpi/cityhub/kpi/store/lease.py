"""A lease in the store: at most one holder, each with a higher epoch than the one before."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, or_, select, update

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import upsert

LEASE_MS = 15_000


class Lease:
    """A named lease. Time is given by the caller, milliseconds since the epoch."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def acquire(self, holder: str, now_ms: int) -> int:
        """Take, keep or extend the lease; one that ran out goes to whoever asks first.

        Returns:
            The epoch with which `holder` has it now, ≥ 1; 0 when another has it.
        """
        row = schema.lease.c
        with self._database.begin() as connection:
            new = upsert(connection, schema.lease)
            new = new.values(name=self._name, holder=holder, epoch=1, expires_ms=now_ms + LEASE_MS)
            taken = new.on_conflict_do_update(
                index_elements=[row.name],
                set_={
                    "holder": holder,
                    "epoch": row.epoch + case((row.holder == holder, 0), else_=1),
                    "expires_ms": now_ms + LEASE_MS,
                },
                where=or_(row.holder == holder, row.expires_ms <= now_ms),
            )
            return connection.scalar(taken.returning(row.epoch)) or 0

    def holds(self, connection: Connection, holder: str, epoch: int) -> bool:
        """Whether `holder` still has the lease of that epoch; nobody takes it before the caller's transaction ends."""
        row = schema.lease.c
        mine = and_(row.name == self._name, row.holder == holder, row.epoch == epoch)
        return connection.scalar(select(row.epoch).where(mine).with_for_update(read=True)) is not None

    def release(self, holder: str) -> None:
        """Give the lease back, so that a successor need not wait; the epoch stays, for it never falls."""
        row = schema.lease.c
        with self._database.begin() as connection:
            mine = and_(row.name == self._name, row.holder == holder)
            connection.execute(update(schema.lease).where(mine).values(holder="", expires_ms=0))
