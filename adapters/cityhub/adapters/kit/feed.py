"""One source at work: asks its adapter, makes events of what it says, keeps the outcome in one transaction.

Every fact passes the door that partners' own events pass (`sdk.door`): its contract, its key, its clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.errors import CursorExpired
from cityhub.adapters.kit.adapter import Adapter, Known, Link
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.outbox import Effects, Outbox
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source
from cityhub.sdk.contract import Contracts, load_contracts
from cityhub.sdk.door import judged
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event, make_event

_log = structlog.get_logger()


class SourceFeed:
    """See `polling.Feed`.

    Args:
        register: where assets stand.
    """

    def __init__(
        self, adapter: Adapter, link: Link, outbox: Outbox, register: Register, clock: Callable[[], datetime]
    ) -> None:
        self._adapter = adapter
        self._source = adapter.source
        self._outbox = outbox
        self._register = register
        self._clock = clock
        self._contracts = load_contracts()
        remembered = outbox.open(self._source, link.url)
        self._link = link
        self._step = remembered.step
        self._cursor = remembered.position.decode()
        self._memory = dict(remembered.memory)

    @property
    def source(self) -> Source:
        """The declaration."""
        return self._source

    async def step(self) -> bool:
        """Ask once and keep what came; see `polling.Feed`."""
        await self._register.ready()
        try:
            reading = await self._adapter.ask(Known(self._cursor, self._memory))
        except CursorExpired:
            self._cursor = ""
            raise
        cursor = self._cursor if reading.cursor is None else reading.cursor
        moved = cursor != self._cursor
        await self._keep(reading, cursor)
        await self._adapter.kept()
        return reading.more and moved

    async def close(self) -> None:
        """Let go of connections."""
        await self._adapter.close()

    async def _keep(self, reading: Reading, cursor: str) -> None:
        effects = await asyncio.to_thread(self._effects, reading, cursor)
        await self._outbox.aside(self._commit, effects)
        self._cursor = cursor
        if effects.rejects:
            counts = Counter(reject.reason for reject in effects.rejects)
            _log.warning("items_rejected", feed=self._source.feed, counts=dict(counts), last=effects.rejects[-1].path)

    def _effects(self, reading: Reading, cursor: str) -> Effects:
        now = self._clock()
        synthetic = self._link.synthetic or reading.synthetic
        stamp = Stamp(self._source, self._contracts, self._register, synthetic=synthetic)
        judgements = [stamp.event(fact, now) for fact in reading.facts]
        events = [one for one in judgements if isinstance(one, Event)]
        newest = max((event.time for event in events), default=None)
        return Effects(
            position=cursor.encode(),
            events=events,
            memory=_without_refused(reading, judgements),
            system=self._source.uri(synthetic=synthetic),
            synthetic=synthetic,
            succeeded_at=now,
            newest_at=None if newest is None else min(newest, now),
            told_upto=None if reading.more or reading.as_of is None else min(reading.as_of, now),
            rejects=[*reading.rejects, *(one for one in judgements if isinstance(one, Reject))],
            noted=reading.noted,
        )

    def _commit(self, effects: Effects) -> None:
        self._step = self._outbox.commit(self._source, self._step, effects)
        for key, body in effects.memory.items():
            if body is None:
                self._memory.pop(key, None)
            else:
                self._memory[key] = body


def _without_refused(reading: Reading, judgements: Sequence[Event | Reject]) -> Mapping[str, bytes | None]:
    """What to remember: a fact that the door refused was not told."""
    pairs = zip(reading.facts, judgements, strict=True)
    refused = {fact.mark for fact, judgement in pairs if isinstance(judgement, Reject)}
    return {key: body for key, body in reading.memory.items() if key not in refused} if refused else reading.memory


class Stamp(Struct, frozen=True):
    """Makes events of facts."""

    source: Source
    contracts: Contracts
    register: Register
    synthetic: bool

    def event(self, fact: Fact, now: datetime) -> Event | Reject:
        """The event of a fact, or why there is none."""
        event = event_of(fact, self.source, self.contracts, now, synthetic=self.synthetic)
        if isinstance(event, Reject) or fact.borough:
            return event
        boroughs, version = self.register.stand
        borough = boroughs.get(fact.subject)
        return replace(event, borough=borough, registerversion=version) if borough else event


def event_of(fact: Fact, source: Source, contracts: Contracts, now: datetime, *, synthetic: bool) -> Event | Reject:
    """What the door makes of a fact: an event, in the borough that the partner says, or why there is none."""
    synthetic = synthetic or fact.synthetic
    made: Event | None = None
    try:
        made = make_event(
            type_=fact.type,
            source=source.uri(synthetic=synthetic),
            natural_key=fact.key,
            version=fact.version,
            subject=fact.subject,
            time=fact.time,
            recorded_at=now,
            data=fact.data,
            synthetic=synthetic,
        )
        event = judged(made, contracts, source.partner, now)
    except RejectedEvent as why:
        path = fact.path or "/".join(fact.key)
        return Reject(why.reason, path, str(why), event=made, attribute=why.attribute)
    except OverflowError:
        return Reject("implausible_time", fact.path or "/".join(fact.key), f"{fact.time} has no place in UTC")
    event = replace(event, recordedby=source.recordedby)
    if fact.borough:
        return replace(event, borough=fact.borough, registerversion=source.recordedby)
    return event
