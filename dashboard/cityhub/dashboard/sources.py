"""The state of every source: what its contract promises, and what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from cityhub.adapters.catalogue import feed_of
from cityhub.adapters.kit.status import FeedStatus
from cityhub.dashboard.freshness import Freshness, as_of
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.source import SourceHealth
from cityhub.kpi.values import StreamState
from cityhub.sdk.contract import Contract


class SourceState(Struct, frozen=True, kw_only=True):
    """One event type.

    Attributes:
        stream: what the engine has read of its topic, which it may share with other types; None = nothing yet.
        feed: the adapter that fetches it, if one does.
        kpis: ids of those that read it, further values included.
        day: what came of it in the last 24 hours; None = nothing ever did.
        health: None = the hub has not looked yet.
    """

    contract: Contract
    freshness: Freshness
    stream: StreamState | None
    feed: FeedStatus | None
    kpis: tuple[str, ...]
    day: SourceDay | None
    health: SourceHealth | None

    @property
    def is_overdue(self) -> bool:
        """Whether a promise is broken now."""
        return self.freshness.overdue_since is not None


def sources_of(view: View) -> Sequence[SourceState]:
    """All sources that a KPI reads, and topics that have events which none does, by partner and type."""
    contracts = view.reader.catalogue.contracts
    readers = _readers(view.reader.catalogue)
    read_topics = {contracts[type_].topic for type_ in readers}
    streams = {stream.topic: stream for stream in view.streams}
    days = view.reader.source_days(view.now)
    found = []
    for contract in contracts.values():
        stream = streams.get(contract.topic)
        if contract.type not in readers and (stream is None or contract.topic in read_topics):
            continue
        feed = feed_of(contract.type, view.feeds)
        day = days.get(contract.type)
        moment = _as_of(stream, feed, day)
        state = Freshness.of(contract.partner, moment, contract.cadence_s, view.now)
        kpis = tuple(readers.get(contract.type, ()))
        found.append(
            SourceState(
                contract=contract,
                freshness=state,
                stream=stream,
                feed=feed,
                kpis=kpis,
                day=day,
                health=view.healths.by_source.get(contract.type),
            )
        )
    return sorted(found, key=lambda one: (one.contract.partner, one.contract.type))


def _as_of(stream: StreamState | None, feed: FeedStatus | None, day: SourceDay | None) -> datetime | None:
    """An adapter's answer, else the newest event of the type, else of its topic, which other types may share."""
    if stream is None:
        return None
    if feed is None and day is not None and day.newest is not None:
        return day.newest
    return as_of(stream, feed)


def by_partner(sources: Iterable[SourceState]) -> Mapping[str, Sequence[SourceState]]:
    """The sources of each partner."""
    found: dict[str, list[SourceState]] = {}
    for one in sources:
        found.setdefault(one.contract.partner, []).append(one)
    return found


def _readers(definitions: Iterable[KpiDefinition]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for one in definitions:
        for type_ in one.topics:
            found.setdefault(type_, []).append(one.id)
    return found
