"""How far the record has come, as the cursors tell: the only clock of windows and labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.label import BY_EVENTS, Reason
from cityhub.kpi.store import schema
from cityhub.kpi.store.touched import first_unmarked_ms

JOB = "cityhub-kpi"
"""The consumer group whose cursors are the clock of everything that is published."""
_MINUTE_MS = 60_000


class Clock(NamedTuple):
    """Of some partitions, epoch milliseconds.

    Attributes:
        settled_ms: the slowest is known to have come so far; 0 = nothing is known of one of them.
        reached_ms: the fastest has come so far.
        newest_ms: append time of the newest record.
    """

    settled_ms: int
    reached_ms: int
    newest_ms: int

    @property
    def until_s(self) -> int:
        """End of the minute that the fastest has reached, epoch seconds: what begins later is not there yet.

        0 = nothing has been heard of any of them.
        """
        return (self.reached_ms // _MINUTE_MS + 1) * 60 if self.reached_ms else 0


class Arrivals(NamedTuple):
    """Of changes to a bucket or window, what their partition's clock showed when they arrived; 0 = there was none.

    Attributes:
        first_ms: at the first of all.
        late_ms, correction_ms, retraction_ms: at the last of those that are called so where they come after a deadline.
    """

    first_ms: int = 0
    late_ms: int = 0
    correction_ms: int = 0
    retraction_ms: int = 0

    @classmethod
    def of(cls, reason: Reason, first_ms: int, last_ms: int) -> Arrivals:
        """Changes of one kind."""
        return cls(first_ms, *(last_ms if reason is one else 0 for one in BY_EVENTS))

    def __add__(self, other: object) -> Arrivals:
        """Both changes."""
        if not isinstance(other, Arrivals):
            return NotImplemented
        first_ms = min(self.first_ms or other.first_ms, other.first_ms or self.first_ms)
        return Arrivals(first_ms, *map(max, self[1:], other[1:]))

    def changed_ms(self) -> dict[Reason, int]:
        """When each kind of change came last."""
        return {reason: last_ms for reason, last_ms in zip(BY_EVENTS, self[1:], strict=True) if last_ms}


class Clocks:
    """The clocks of a job's partitions in one snapshot.

    Buckets may be ahead of the marks that tell when they changed. What is settled goes by the marks: a window must not
    be called final by one that has not heard of all its arrivals.
    """

    def __init__(self, connection: Connection, job: str) -> None:
        row = schema.cursor.c
        query = select(row.id, row.topic, row.appended_ms, row.complete_ms).where(row.job == job)
        unmarked = first_unmarked_ms(connection)
        self._topics: dict[str, list[Clock]] = {}
        for writer, topic, appended, complete in connection.execute(query):
            reached = max(appended, complete)
            settled = min(reached, unmarked.get(writer, reached))
            self._topics.setdefault(topic, []).append(Clock(settled, reached, appended))

    def of(self, definition: KpiDefinition) -> Clock:
        """The slowest source decides what is settled, the fastest what has begun."""
        found = [_together(self._topics.get(source.topic, ())) for source in definition.sources.values()]
        return _together(found)


def _together(clocks: Iterable[Clock]) -> Clock:
    found = list(clocks)
    return Clock(
        min((clock.settled_ms for clock in found), default=0),
        max((clock.reached_ms for clock in found), default=0),
        max((clock.newest_ms for clock in found), default=0),
    )
