"""A lease in the store: at most one holder, each with a higher epoch than the one before.

Nobody's wall clock decides. The holder lets a counter beat; who sees it stand still for `LEASE_MS` of its own
monotonic clock takes over.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, select, update

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import insert_missing

LEASE_MS = 15_000
_FREE = ""


class _Beat(NamedTuple):
    """The lease as it was seen."""

    holder: str
    epoch: int
    beat: int


class Lease:
    """A named lease, as one process sees it."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name
        self._seen: tuple[_Beat, int] | None = None

    def acquire(self, holder: str, now_ms: int, seen_ms: int = 0) -> int:
        """Take, keep or extend the lease; one whose holder is silent goes to whoever noticed it for long enough.

        Args:
            now_ms: monotonic milliseconds of this process. seen_ms: its wall clock, for people only.

        Returns:
            The epoch with which `holder` has it now, ≥ 1; 0 when another has it.
        """
        row = schema.lease.c
        free = {"name": self.name, "holder": _FREE, "epoch": 0, "beat": 0, "seen_ms": 0}
        with self._database.begin() as connection:
            query = select(row.holder, row.epoch, row.beat).where(row.name == self.name)
            found = connection.execute(query).one_or_none()
            if found is None:
                insert_missing(connection, schema.lease, [free])
                found = connection.execute(query).one()
            held = _Beat(*found)
            if held.holder not in {holder, _FREE} and not self._silent(held, now_ms):
                return 0
            epoch = held.epoch + (held.holder != holder)
            same = and_(row.name == self.name, row.epoch == held.epoch, row.beat == held.beat)
            values = {"holder": holder, "epoch": epoch, "beat": held.beat + 1, "seen_ms": seen_ms}
            taken = update(schema.lease).where(same).values(values)
            return epoch if connection.execute(taken).rowcount == 1 else 0

    def _silent(self, held: _Beat, now_ms: int) -> bool:
        """Whether the holder has shown no sign of life for long enough."""
        if self._seen is None or self._seen[0] != held:
            self._seen = (held, now_ms)
        return now_ms - self._seen[1] >= LEASE_MS

    def holds(self, connection: Connection, holder: str, epoch: int) -> bool:
        """Whether `holder` still has the lease of that epoch; nobody takes it before the caller's transaction ends."""
        row = schema.lease.c
        mine = and_(row.name == self.name, row.holder == holder, row.epoch == epoch)
        return connection.scalar(select(row.epoch).where(mine).with_for_update(read=True)) is not None

    def release(self, holder: str) -> None:
        """Give the lease back, so that a successor need not wait; the epoch stays, for it never falls."""
        row = schema.lease.c
        with self._database.begin() as connection:
            mine = and_(row.name == self.name, row.holder == holder)
            connection.execute(update(schema.lease).where(mine).values(holder=_FREE, beat=row.beat + 1))
