"""What the archiver asks the store: which records were judged, and which of them were refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import Connection, select

from cityhub.bus.archive.columns import Refusal, Refusals
from cityhub.bus.archiver import Judged
from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.database import Database


class StoreJudge:
    """The archiver's `Judge`: cursors of a job and stored verdicts, which one transaction of the worker writes."""

    def __init__(self, database: Database, job: str) -> None:
        self._database = database
        self._job = job

    async def judged(self, topic: str, ends: Mapping[int, int], limit: int) -> Judged:
        """See `bus.archiver.Judge`."""
        try:
            return await asyncio.to_thread(self._judged, topic, ends, limit)
        except StoreUnavailable as error:
            raise BusUnavailable(f"the store does not say what was judged: {error}") from error

    def _judged(self, topic: str, ends: Mapping[int, int], limit: int) -> Judged:
        with self._database.snapshot() as connection:
            at = cursors.offsets(connection, self._job)
            reached = {part: last for (of, part), last in at.items() if of == topic}
            refusals = {
                part: _refusals(connection, (topic, part), ends[part], min(last, ends[part] + limit))
                for part, last in reached.items()
                if last > ends.get(part, last)
            }
        return Judged(reached, refusals)


def _refusals(connection: Connection, at: tuple[str, int], after: int, last: int) -> Refusals:
    row = schema.verdict.c
    query = select(row.off, row.reason, row.detail).where(
        row.topic == at[0], row.part == at[1], row.off > after, row.off <= last
    )
    return {off: Refusal(reason, detail) for off, reason, detail in connection.execute(query)}
