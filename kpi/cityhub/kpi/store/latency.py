"""How old the newest events are when the values that count them are published."""

from __future__ import annotations

from sqlalchemy import func, select

from cityhub.bus import metrics
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database

_row = schema.cursor.c
_NEWEST = select(_row.topic, func.max(_row.appended_ms), func.max(_row.newest_event_s)).group_by(_row.topic)


class Newest:
    """The newest event of each topic, and which of them was published.

    Args:
        job: whose cursors tell.
    """

    def __init__(self, database: Database, job: str) -> None:
        self._database = database
        self._query = _NEWEST.where(_row.job == job)
        self._counted: dict[str, tuple[int, int]] = {}
        self._published: dict[str, tuple[int, int]] = {}

    def look(self) -> None:
        """Before a pass: what the store has counted now, the pass will know.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        with self._database.snapshot() as connection:
            found = connection.execute(self._query)
            self._counted = {topic: (appended, event_s * 1000) for topic, appended, event_s in found}

    def published(self, now_ms: int) -> None:
        """All values that know of it are acknowledged; topics in which nothing is new are left out.

        Args:
            now_ms: wall clock.
        """
        for topic, (appended_ms, event_ms) in self._counted.items():
            before = self._published.get(topic)
            if before is not None and appended_ms > before[0]:
                metrics.VALUE_LATENCY.labels("append").observe(max(0, now_ms - appended_ms) / 1000)
            if before is not None and event_ms > before[1]:
                metrics.VALUE_LATENCY.labels("event").observe(max(0, now_ms - event_ms) / 1000)
        self._published = self._counted
