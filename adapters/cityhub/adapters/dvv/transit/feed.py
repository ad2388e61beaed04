"""The feed at work: asks the control centre, lets the mapping decide, keeps the outcome in one transaction."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.dvv.transit import trips
from cityhub.adapters.dvv.transit.connect import connect
from cityhub.adapters.dvv.transit.mapping import Batch, apply
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT, SIMULATION_URI, ControlCentre
from cityhub.adapters.dvv.transit.trips import FeedState, Trip, TripKey
from cityhub.adapters.dvv.transit.wire import PlannedTrip
from cityhub.adapters.errors import CursorExpired, FeedFault
from cityhub.adapters.kit.download import NotModified
from cityhub.adapters.kit.outbox import Effects, Outbox
from cityhub.adapters.kit.polling import Pace, Publisher, run_feed
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source

_log = structlog.get_logger()
REFERENCE_EVERY = timedelta(minutes=15)
REFERENCE_SOON = timedelta(minutes=1)
"""An empty timetable may not be ready yet."""
REFERENCE_DAYS = 10
"""Operating days asked for in one step: a backfill of a week."""


class Position(Struct, frozen=True):
    """Where the feed was read up to, kept in adapters.db.

    Attributes:
        cursor: the partner's `Naechster`, empty before the first answer.
        etag: of the last answer to that cursor. `references`: ETag of REF-AUS by operating day.
        clock_s, since_s, predicted: as in `FeedState`.
        synthetic: the last answer came from a simulation.
    """

    cursor: str = ""
    etag: str | None = None
    references: Mapping[str, str] = {}
    clock_s: int = 0
    since_s: int = 0
    predicted: Mapping[str, int] = {}
    synthetic: bool = False


class TransitFeed:
    """Departures of one control centre; another one than last time starts afresh."""

    def __init__(
        self, http: httpx.AsyncClient, outbox: Outbox, centre: ControlCentre, clock: Callable[[], datetime]
    ) -> None:
        self._client = connect(centre, http, clock)
        self._outbox = outbox
        self._system = centre.system_uri
        self._clock = clock
        self._reference_due: dict[date, datetime] = {}
        remembered = outbox.open(DVV_TRANSIT, centre.origin)
        known = [trips.unpack(body) for body in remembered.memory.values()]
        self._step = remembered.step
        self._position = _decode(remembered.position) if remembered.position else Position()
        was = self._position
        self._state = FeedState({trip.key: trip for trip in known}, was.clock_s, was.since_s, was.predicted)

    @property
    def source(self) -> Source:
        """The declaration."""
        return DVV_TRANSIT

    async def step(self) -> bool:
        """Ask once and keep what came; see `polling.Feed`."""
        was = self._position
        try:
            got = await self._client.actual(was.cursor, was.etag)
        except CursorExpired:
            self._position = replace(was, cursor="", etag=None)
            raise
        if isinstance(got, NotModified):
            answered_at = got.answered_at or trips.instant(was.clock_s)
            batch = Batch(answered_at=answered_at, source_uri=self._system, synthetic=was.synthetic)
            await self._keep(batch, was, [], Counter())
            return False
        planned, rejects, faults, references = await self._references(trip.id.day for trip in got.trips)
        cursor = got.cursor or was.cursor
        same = cursor == was.cursor
        etag = got.etag if same else None
        now_at = replace(was, cursor=cursor, etag=etag, references=references, synthetic=got.synthetic)
        batch = Batch(
            answered_at=got.answered_at,
            source_uri=self._system,
            planned=planned,
            actual=got.trips,
            more=got.more,
            synthetic=got.synthetic,
            noted=got.noted,
        )
        await self._keep(batch, now_at, [*got.rejects, *rejects], faults)
        return got.more and not same and bool(got.trips or got.rejects)

    async def _references(
        self, days: Iterable[date]
    ) -> tuple[list[PlannedTrip], list[Reject], Counter[str], dict[str, str]]:
        """Timetables of the days in hand that are due: trips, rejects, faults by reason, ETags by day.

        A timetable that cannot be had is counted, not waited for: reports stand on their own planned times then.
        """
        now = self._clock()
        wanted = {*days, *(date.fromisoformat(day) for day, _ in self._state.trips)}
        due = sorted((day for day in wanted if self._reference_due.get(day, now) <= now), reverse=True)[:REFERENCE_DAYS]
        etags = {day: etag for day, etag in self._position.references.items() if date.fromisoformat(day) in wanted}
        planned: list[PlannedTrip] = []
        rejects: list[Reject] = []
        faults: Counter[str] = Counter()
        for day in due:
            self._reference_due[day] = now + REFERENCE_EVERY
            try:
                got = await self._client.reference(day, etags.get(day.isoformat()))
            except FeedFault as fault:
                faults[f"reference_{fault.reason}"] += 1
                _log.warning("reference_fault", day=day.isoformat(), reason=fault.reason, error=str(fault))
                continue
            if not isinstance(got, NotModified):
                self._reference_due[day] = now + (REFERENCE_EVERY if got.trips else REFERENCE_SOON)
                planned += got.trips
                rejects += got.rejects
                etags |= {day.isoformat(): got.etag} if got.etag else {}
        return planned, rejects, faults, etags

    async def _keep(self, batch: Batch, position: Position, rejects: list[Reject], faults: Counter[str]) -> None:
        now = self._clock()
        done = apply(self._state, batch, now)
        rejects = [*rejects, *done.rejects]
        after = done.state
        position = replace(position, clock_s=after.clock_s, since_s=after.since_s, predicted=after.predicted)
        effects = Effects(
            position=_encode(position),
            events=[*done.events, *done.predictions],
            memory=_changes(self._state.trips, after.trips),
            system=SIMULATION_URI if batch.synthetic else self._system,
            synthetic=batch.synthetic,
            succeeded_at=now,
            told_upto=trips.instant(after.clock_s),
            rejects=rejects,
            faults=faults,
            noted=done.counts,
        )
        self._step = await self._outbox.aside(self._outbox.commit, DVV_TRANSIT, self._step, effects)
        self._position, self._state = position, after
        if rejects:
            counts = Counter(reject.reason for reject in rejects)
            _log.warning("items_rejected", feed=DVV_TRANSIT.feed, counts=dict(counts), last=rejects[-1].path)


async def run_transit(
    *,
    path: Path,
    centre: ControlCentre,
    publisher: Publisher,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    poll_s: float = 10.0,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Run the adapter until `stop` is set.

    Args:
        path: adapters.db.
        transport: instead of the network, for a control centre in the same process.

    Raises:
        StateUnavailable: adapters.db cannot be used.
    """
    pace = Pace(every_s=poll_s, jitter=random.SystemRandom().random)
    http = httpx.AsyncClient(transport=transport, trust_env=False, headers={"user-agent": "cityhub"})
    with Outbox(path) as outbox:
        async with http:
            feed = TransitFeed(http, outbox, centre, clock)
            await run_feed(feed, outbox, publisher, pace=pace, clock=clock, stop=stop)


def _changes(before: Mapping[TripKey, Trip], after: Mapping[TripKey, Trip]) -> dict[str, bytes | None]:
    changes: dict[str, bytes | None] = {
        "/".join(key): trips.pack(trip) for key, trip in after.items() if before.get(key) is not trip
    }
    return changes | {"/".join(key): None for key in before.keys() - after.keys()}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Position).decode
