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
                part: refusals_of(connection, topic, part, (ends[part] + 1, min(last, ends[part] + limit)))
                for part, last in reached.items()
                if last > ends.get(part, last)
            }
        return Judged(reached, refusals)


def refusals_of(connection: Connection, topic: str, part: int, stretch: tuple[int, int]) -> Refusals:
    """Verdicts on the records of a partition from a first to a last offset."""
    row = schema.verdict.c
    query = select(row.off, row.reason, row.detail).where(
        row.topic == topic, row.part == part, row.off.between(*stretch)
    )
    return {off: Refusal(reason, detail) for off, reason, detail in connection.execute(query)}
