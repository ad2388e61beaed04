"""Where is my event? Every record of the log that carries an id, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from cityhub.bus.letters import letter_of
from cityhub.bus.log_reader import LogReader
from cityhub.bus.topics import dead_letters
from cityhub.bus.trace_context import in_headers, trace_id
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.windows import grain_end
from cityhub.kpi.ledger import lookup
from cityhub.kpi.ledger.lookup import Place, Refusal
from cityhub.kpi.ledger.outcome import of_event
from cityhub.kpi.store import cursors
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import reading
from cityhub.kpi.store.decisions import Choice
from cityhub.sdk.door import texts_of

MOST = 20_000
"""Newest records of a partition that are looked through where no index is."""
REJECTED = "rejected"
_JUDGED = "judged"
"""Between two steps: the store says more of it."""
_CLIENT = "cityhub-trace"


class Counted(Struct, frozen=True):
    """A bucket that an event was added to: windows are sums of buckets.

    Attributes:
        start, end: of the bucket. scope: borough, "" = the city only. n: how often it is counted there.
    """

    kpi: str
    start: datetime
    end: datetime
    scope: str
    dimensions: dict[str, str]
    n: int


class Sighting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record with the id.

    Attributes:
        status: `counted`; `excluded` (the engine refused it) or `rejected` (the door did): reason and detail say why;
            `unread`: no KPI reads its topic; `waiting-for-gate`, `waiting-for-engine`: not judged yet.
        received: append time; None = the log has let go of the record, the archive has it.
        origin: where it came in, as docs/doors.md says. trace: its trace id, as log lines have it.
        counts: what it added to. observed: KPIs in which it changes the state of something, so that what it adds
            depends on that thing's other events.
    """

    status: str
    topic: str
    partition: int
    offset: int
    received: datetime | None = None
    type: str = ""
    source: str = ""
    subject: str = ""
    time: str = ""
    origin: str = ""
    trace: str = ""
    reason: str = ""
    detail: str = ""
    counts: Sequence[Counted] = ()
    observed: Sequence[str] = ()


class Trace(Struct, frozen=True):
    """All that is known of an id of a partner; a repetition of what was counted is not among it, it changes nothing."""

    id: str
    partner: str
    sightings: Sequence[Sighting]


class _Known(NamedTuple):
    """What the store says of an id; and up to which records, by topic and partition, engine and ledger have come."""

    counted: Sequence[Place]
    refused: Sequence[Refusal]
    judged: Mapping[tuple[str, int], int]
    entered: Mapping[tuple[str, int], int]
    evaluator: Evaluator


class Traces:
    """Looks events up.

    Args:
        store: file or URL.
    """

    def __init__(self, store: Path | str, catalogue: Catalogue, access: KafkaAccess) -> None:
        self._store = store
        self._catalogue = catalogue
        self._choice = Choice(catalogue)
        self._access = access

    async def trace(self, partner: str, id_: str) -> Trace:
        """What became of an event.

        Raises:
            BusUnavailable, BusRefused: Kafka. StoreUnavailable: the store.
        """
        topics = sorted({one.topic for one in self._catalogue.contracts.values() if one.partner == partner})
        known = await asyncio.to_thread(self._known, partner, topics, id_)
        async with LogReader(self._access, client_id=_CLIENT) as log:
            stretches = _stretches(partner, topics, await log.partitions())
            found = [one async for one in self._from_logs(log, known, stretches, id_)]
            if judged := {one.source for one in found if one.status == _JUDGED}:  # a source that the ledger learns yet
                more = await asyncio.to_thread(self._counted, topics, id_, judged)
                known = known._replace(counted=list(dict.fromkeys([*known.counted, *more])))
            found = [one for one in found if one.status != _JUDGED]
            found += [one async for one in self._from_store(log, known)]
        return Trace(id_, partner, sorted(found, key=_order))

    def _known(self, partner: str, topics: Sequence[str], id_: str) -> _Known:
        with reading(self._store) as connection:
            names = lookup.sources(connection, partner)
            return _Known(
                list(lookup.counted(connection, JOB, topics, id_, names)),
                list(lookup.refused(connection, topics, id_)),
                cursors.offsets(connection, JOB),
                lookup.entered(connection),
                self._choice.evaluator(connection),
            )

    def _counted(self, topics: Sequence[str], id_: str, sources: set[str]) -> list[Place]:
        with reading(self._store) as connection:
            return list(lookup.counted(connection, JOB, topics, id_, sources))

    async def _from_store(self, log: LogReader, known: _Known) -> AsyncIterator[Sighting]:
        for place in known.counted:
            record = await _at(log, place)
            counts, observed = _effect(known.evaluator, place.topic, record) if record else ([], [])
            yield _sighting("counted", place, record, counts=counts, observed=observed)
        for refusal in known.refused:
            record = await _at(log, refusal.place)
            yield _sighting("excluded", refusal.place, record, reason=refusal.reason, detail=refusal.detail)

    async def _from_logs(
        self, log: LogReader, known: _Known, stretches: Mapping[str, Sequence[int]], id_: str
    ) -> AsyncIterator[Sighting]:
        """What has no index: letters, topics that no KPI reads, and what engine or ledger have not come to."""
        read = set(known.evaluator.topics)
        for topic, bounds in (await log.all_bounds(stretches)).items():
            beyond = known.entered if topic in read else {}
            async for place, record in _newest(log, topic, bounds, beyond):
                if not _is(record, id_):
                    continue
                status = _status(place, known.judged if topic in read else None)
                if status != REJECTED:
                    yield _sighting(status, place, record)
                elif (letter := letter_of(place.part, record)).door and letter.id:  # the engine's are `excluded`
                    said = {"reason": letter.reason, "detail": letter.error, "origin": letter.origin}
                    yield _sighting(status, place, record, **said)


def _stretches(partner: str, topics: Sequence[str], there: Mapping[str, Sequence[int]]) -> Mapping[str, Sequence[int]]:
    own = [name for name in sorted(there) if name.startswith(f"du.in.{partner}.")]
    return {name: there[name] for name in [dead_letters(partner).name, *topics, *own] if name in there}


def _status(place: Place, judged: Mapping[tuple[str, int], int] | None) -> str:
    """Args: judged = how far the engine has come; None where it reads nothing."""
    if place.topic.startswith("du.dlq."):
        return REJECTED
    if place.topic.startswith("du.in."):
        return "waiting-for-gate"
    if judged is None:
        return "unread"
    return _JUDGED if place.offset <= judged.get((place.topic, place.part), -1) else "waiting-for-engine"


async def _at(log: LogReader, place: Place) -> Any | None:
    """A record; None where the log has let go of it."""
    (first, end) = (await log.bounds(place.topic, [place.part]))[place.part]
    if not first <= place.offset < end:
        return None
    log.begin(place.topic, {place.part: (place.offset, place.offset)})
    return (await log.some())[place.part][0]


async def _newest(
    log: LogReader, topic: str, bounds: Mapping[int, tuple[int, int]], beyond: Mapping[tuple[str, int], int]
) -> AsyncIterator[tuple[Place, Any]]:
    """The newest records of a topic, of each partition those after an offset."""
    wanted = {}
    for part, (first, end) in bounds.items():
        start = max(first, beyond.get((topic, part), -1) + 1, end - MOST)
        if start < end:
            wanted[part] = start, end - 1
    if wanted:
        log.begin(topic, wanted)
        while found := await log.some():
            for part, records in found.items():
                for record in records:
                    yield Place(topic, part, record.offset), record


def _is(record: Any, id_: str) -> bool:
    """Whether a record is of the event, in structured or in binary mode."""
    value: bytes = record.value or b""
    wanted = id_.encode()
    if wanted in value and texts_of(value, ("id",)).get("id") == id_:
        return True
    return any(name.lower() in {"ce_id", "ce-id"} and said == wanted for name, said in record.headers)


def _sighting(status: str, place: Place, record: Any | None, **more: Any) -> Sighting:
    if record is not None:
        if (origin := of_event(record, None).origin) is not None:
            more["origin"] = f"{origin.door}:{origin.text}"
        more["trace"] = trace_id(in_headers(record.headers))
        more |= texts_of(record.value or b"", ("type", "source", "subject", "time"))
        more["received"] = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return Sighting(status=status, topic=place.topic, partition=place.part, offset=place.offset, **more)


def _order(one: Sighting) -> tuple[float, str, int]:
    return one.received.timestamp() if one.received else 0.0, one.topic, one.offset


def _effect(evaluator: Evaluator, topic: str, record: Any) -> tuple[list[Counted], list[str]]:
    """What a counted event adds, by the versions that count today."""
    rows, _ = evaluator.reader(topic).read([record], 0)
    effect = evaluator.effect(rows)
    found = []
    for plan, sums in zip(evaluator.plans, effect.sums, strict=True):
        definition = plan.definition
        for (start, scope, *dims), vector in sums.vectors.items():
            end = grain_end(definition.grain, start)
            named = dict(zip(definition.dimensions, dims, strict=True))
            found.append(Counted(definition.id, _instant(start), _instant(end), scope, named, vector[0]))
    return found, sorted({evaluator.plans[evaluator.cells[one.family][0]].definition.id for one in effect.cells})


def _instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
