"""What a campaign sends: departures and cancelled trips of M01, with everything that goes wrong at partners.

Record `i` is a function of (seed, i) alone, so that a ledger process can be replayed. All events are synthetic.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event
from cityhub.sdk.identity import content_hash
from tests.integration.faults import entities

DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"
LINES = tuple(str(901 + index) for index in range(24))
SPAN_S = 5 * 3600
PARTITIONS = 3

POISON: dict[str, tuple[str, ...]] = {
    "broken-json": ("parse",),
    "empty": ("parse",),
    "too-large": ("size",),
    "not-a-number": ("parse",),
    "wrong-type": ("envelope",),
    "wrong-data": ("contract",),
    "future": ("time_in_future",),
    "unknown-type": ("unknown_type",),
    "foreign": ("foreign",),
    "huge-integer": ("contract",),
    "null-field": ("contract",),
    "year-1970": ("beyond_horizon",),
}
"""Kind of poison → verdicts that may be passed on it."""


class Sending(NamedTuple):
    """One record and what must become of it.

    Attributes:
        time_s: event time, epoch seconds. `delay_s`: None for a cancelled trip. Of an entity, see `entities.fact`.
        content: the content hash in the envelope.
        reasons: verdicts that may be passed on it; empty = it counts, unless its id was counted before.
        partition: only where there is no key.
    """

    seq: int
    id: str
    key: bytes | None
    body: bytes
    time_s: int
    line: str
    delay_s: int | None
    content: str
    intent: str
    reasons: tuple[str, ...] = ()
    partition: int | None = None


class Traffic(Struct, frozen=True, kw_only=True):
    """A seeded stream of `total` records whose event time ends at `end_s`.

    Attributes:
        entities: whether halves of cases and versions of flats are among them, see `entities`.
        poison: kinds of `POISON` to send, one per 1/`poison_rate` records; empty also leaves out re-used ids.
        repeats: share of records that were sent before.
        per_s: records sent per second, at most.
    """

    seed: int
    total: int
    end_s: int
    entities: bool = False
    poison: tuple[str, ...] = tuple(POISON)
    poison_rate: float = 0.001
    repeats: float = 0.05
    per_s: int = 4000

    def record(self, seq: int) -> Sending:
        """The record with this number."""
        rng = Random(f"{self.seed}/{seq}")  # noqa: S311 - reproducible, not secret
        draw = rng.random()
        if self.poison and draw < self.poison_rate:
            return self._poisoned(seq, rng)
        if draw > 1 - self.repeats and seq:
            return self._repeated(seq, rng)
        return self._sound(seq, draw, rng)

    def _sound(self, seq: int, draw: float, rng: Random) -> Sending:
        if self.entities and entities.is_one(seq):
            return _sending(seq, self._event(seq), "entity")
        if 0.1 < draw < 0.2:
            return _sending(seq, self._event(seq, back_s=rng.randrange(1200)), "out-of-order")
        if 0.2 < draw < 0.23 and seq * 3 > self.total * 2:  # three times the rate in the last third of the run
            return _sending(seq, self._event(seq, time_s=self.end_s - SPAN_S + rng.randrange(3600)), "late")
        if 0.3 < draw < 0.301:
            nobody = self._event(seq, name=f"nobody-{seq}")  # never repeated: a repeat meets its own partition only
            return _sending(seq, nobody, "no-key")._replace(key=None, partition=seq % PARTITIONS)
        return _sending(seq, self._event(seq), "plain")

    def _event(self, seq: int, **changes: Any) -> Event:
        if self.entities and entities.is_one(seq):
            return entities.event(self.seed, seq, self.end_s)
        return self._departure(seq, **changes)

    def _departure(self, seq: int, *, name: str = "", back_s: int = 0, time_s: int | None = None, **data: Any) -> Event:
        at = time_s or self.end_s - SPAN_S + SPAN_S * seq // self.total - back_s
        rng = Random(f"{self.seed}/event/{seq}")  # noqa: S311 - reproducible, not secret
        cancelled = rng.random() < 0.03
        trip = f"t{seq % 4999}"
        said: dict[str, Any] = {"trip": trip, "line": rng.choice(LINES)}
        if not cancelled:
            said |= {"delay_s": rng.choice((-90, -60, 0, 30, 300, 301, 600)), "classifier": "ACT"}
        moment = datetime.fromtimestamp(at, UTC)
        return make_event(
            type_=CANCELLED if cancelled else DEPARTED,
            source="//test/dvv",
            natural_key=(str(self.seed), name or str(seq)),
            version="1",
            subject=trip if cancelled else "stop",
            time=moment,
            recorded_at=moment,
            data=said | data,
            partitionkey=trip,
            synthetic=True,
        )

    def _repeated(self, seq: int, rng: Random) -> Sending:
        """An earlier event again; every second time read anew, which shows in `recordedtime` only."""
        event = self._event(seq - rng.randrange(1, min(seq, 3000) + 1))
        if rng.random() < 0.5:
            event = replace(event, recordedtime=datetime.fromtimestamp(self.end_s, UTC))
        return _sending(seq, event, "repeat")

    def _poisoned(self, seq: int, rng: Random) -> Sending:
        kind = rng.choice((*self.poison, "id-reuse"))
        if kind == "id-reuse" and seq:
            return _sending(seq, self._departure(rng.randrange(max(0, seq - 3000), seq), stop="other"), kind)
        event = self._departure(seq)
        good = _sending(seq, event, kind)
        body = _poison(kind, event, good.body, self.end_s) if kind in self.poison else good.body
        return good._replace(body=body, reasons=POISON.get(kind, ()))


def _sending(seq: int, event: Event, intent: str) -> Sending:
    line, delay_s = (
        (str(event.data["line"]), event.data.get("delay_s")) if "line" in event.data else entities.fact(event)
    )
    return Sending(
        seq=seq,
        id=event.id,
        key=event.partitionkey.encode(),
        body=codec.encode(event),
        time_s=int(event.time.timestamp()),
        line=line,
        delay_s=delay_s,
        content=event.contenthash,
        intent=intent,
    )


def _poison(kind: str, event: Event, body: bytes, end_s: int) -> bytes:
    """The event's bytes, damaged, or the event told with an impossible content."""
    whole: dict[str, Any] = json.loads(body)
    damaged = {
        "broken-json": body[: len(body) // 2],
        "empty": b"",
        "too-large": body.replace(b'"data":{', b'"data":{"note":"%s",' % (b"x" * (1 << 16))),
        "not-a-number": body.replace(b'"data":{', b'"data":{"speed":NaN,'),
        "wrong-type": json.dumps(whole | {"id": 5, "note": event.id}).encode(),
        "wrong-data": json.dumps(whole | {"data": [event.id]}).encode(),
    }
    told: dict[str, dict[str, Any]] = {
        "future": {"time": datetime.fromtimestamp(end_s + 864_000, UTC)},
        "year-1970": {"time": datetime.fromtimestamp(86_400, UTC)},
        "unknown-type": {"type": event.type.replace("transit", "ferry")},
        "foreign": {"type": "de.duisburg.wbd.bin.level-observed.v1"},
        "huge-integer": {"data": event.data | {"delay_s" if "delay_s" in event.data else "line": 10**18}},
        "null-field": {"data": event.data | {"line": None}},
    }
    return damaged[kind] if kind in damaged else _retold(event, **told[kind])


def _retold(event: Event, **changes: Any) -> bytes:
    """The event with other content and the hash that belongs to it."""
    told = replace(event, **changes)
    return codec.encode(
        replace(told, contenthash=content_hash(told.type, told.source, told.subject, told.time, told.data))
    )


def range_of(traffic: Traffic, first: int, size: int) -> Sequence[Sending]:
    """The next `size` records from `first` on, fewer at the end."""
    return [traffic.record(seq) for seq in range(first, min(first + size, traffic.total))]
