"""How fresh and complete the data are: the partners' feeds and what the engine has read of each stream."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from cityhub.adapters.kit.status import FeedStatus
from cityhub.api.access import may_diagnose
from cityhub.api.context import Context
from cityhub.api.scalars import Long
from cityhub.kpi.definition_people import SMALLEST
from cityhub.kpi.kernel.groups import rounded
from cityhub.kpi.values import StreamState


@strawberry.type(description="A named count.")
class Count:
    name: str
    count: Long


@strawberry.type(description="A partner's system as its adapter sees it. Counts run since the hub was set up.")
class Feed:
    feed: str
    partner: str
    synthetic: bool = strawberry.field(description="True when a simulation stands in for the partner.")
    interval_s: int = strawberry.field(description="Expected seconds between answers.")
    data_at: datetime | None = strawberry.field(description="The partner's clock in its newest answer.")
    age_s: float | None = strawberry.field(description="Age of the newest data in seconds.")
    succeeded_at: datetime | None
    failed_at: datetime | None
    seen_at: datetime | None = strawberry.field(description="When the hub looked last at what its adapter says.")
    failing: bool = strawberry.field(
        description="True while the newest answer, or its delivery, has failed, or nothing is heard of its adapter."
    )
    problem: str | None = strawberry.field(description="Why; for city staff and the partner itself.")
    waiting: int = strawberry.field(description="Events read but not yet acknowledged by the log.")
    accepted: list[Count] = strawberry.field(description="Events by type; of those about people rounded.")
    rejected: list[Count] = strawberry.field(description="Refused items by reason.")

    @classmethod
    def of(cls, status: FeedStatus, context: Context) -> Feed:
        """The API's shape of a feed."""
        now = context.clock()
        unseen = status.unseen_since(now)
        lost = f"nothing is heard of its adapter since {unseen:%Y-%m-%dT%H:%M:%SZ}" if unseen else ""
        problem = lost or status.error or status.delivery_error
        contracts = context.reader.catalogue.contracts
        return cls(
            feed=status.feed,
            partner=status.partner,
            synthetic=status.synthetic,
            interval_s=status.interval_s,
            data_at=status.data_at,
            age_s=status.age_s(now),
            succeeded_at=status.succeeded_at,
            failed_at=status.failed_at,
            seen_at=status.seen_at,
            failing=bool(problem),
            problem=problem if problem and may_diagnose(context.principal, status.partner) else None,
            waiting=status.waiting,
            accepted=_counts(
                {
                    type_: rounded(n, SMALLEST) if type_ in contracts and contracts[type_].personal else n
                    for type_, n in status.accepted.items()
                }
            ),
            rejected=_counts(status.rejected),
        )


@strawberry.type(description="What the engine has read of one topic of events.")
class Stream:
    topic: str
    partner: str
    synthetic: bool = strawberry.field(description="True when any event comes from a simulation.")
    records: Long = strawberry.field(description="Read so far; where any tell of people, counts are rounded.")
    rejected: Long = strawberry.field(description="Of these, refused.")
    duplicates: Long = strawberry.field(description="Of these, with an id read before.")
    newest_append: datetime | None = strawberry.field(description="Arrival of the newest record read.")
    newest_event: datetime | None = strawberry.field(description="Newest time of occurrence among counted events.")
    age_s: float | None = strawberry.field(description="Seconds since the newest arrival.")

    @classmethod
    def of(cls, state: StreamState, now: datetime) -> Stream:
        """The API's shape of a stream."""
        arrived = state.newest_append
        return cls(
            topic=state.topic,
            partner=state.partner,
            synthetic=state.synthetic,
            records=Long(state.records),
            rejected=Long(state.rejected),
            duplicates=Long(state.duplicates),
            newest_append=arrived,
            newest_event=state.newest_event,
            age_s=max(0.0, (now - arrived).total_seconds()) if arrived else None,
        )


@strawberry.type(description="How fresh and complete the data are.")
class DataState:
    context: strawberry.Private[Context]

    @strawberry.field
    def feeds(self) -> list[Feed]:
        return [Feed.of(status, self.context) for status in self.context.feeds()]

    @strawberry.field
    def streams(self) -> list[Stream]:
        now = self.context.clock()
        return [Stream.of(state, now) for state in self.context.reader.streams()]


def _counts(counts: Mapping[str, int]) -> list[Count]:
    return [Count(name=name, count=Long(count)) for name, count in sorted(counts.items())]
