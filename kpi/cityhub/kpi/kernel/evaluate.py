"""From records to bucket deltas: one pass over a batch for all definitions.

Everything here is a function of its arguments. The result depends on the *set* of events only: contributions are added,
and addition neither knows order nor batches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from xxhash import xxh3_128_digest, xxh3_128_intdigest

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.predicate import Predicate
from cityhub.kpi.kernel.windows import Grain, grain_start

FUTURE_TOLERANCE_S = 300
"""An event later than this after its append time has a wrong clock and is refused."""
DIGEST_MOD = 1 << 128
CITY = "city"


class Record(NamedTuple):
    """One record of the log."""

    offset: int
    append_ms: int
    value: bytes


class Envelope(Struct, frozen=True, gc=False):
    """What the engine needs of an event; everything else is ignored."""

    id: str
    source: str
    type: str
    time: datetime
    contenthash: str
    data: dict[str, Any]
    synthetic: bool = False


class Decoded(NamedTuple):
    """A readable event with the keys of deduplication."""

    record: Record
    event: Envelope
    id_key: bytes
    content: bytes


class Verdict(NamedTuple):
    """Why a record was refused. It is stored, and every recompute obeys it."""

    record: Record
    reason: str
    detail: str
    event_id: str


class BucketKey(NamedTuple):
    """Smallest unit of storage. `dims` is canonical JSON, `grain_start` epoch seconds."""

    kpi: str
    version: int
    grain_start: int
    scope: str
    dims: str


class Delta:
    """What a batch adds to one bucket: a count per term, and the digest of the counted events."""

    __slots__ = ("digest", "n", "synthetic_n", "values")

    def __init__(self, terms: int) -> None:
        self.values = [0] * terms
        self.n = 0
        self.synthetic_n = 0
        self.digest = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Delta) and self.astuple() == other.astuple()

    def __hash__(self) -> int:
        return hash(self.astuple())

    def astuple(self) -> tuple[tuple[int, ...], int, int, int]:
        return tuple(self.values), self.n, self.synthetic_n, self.digest

    def add(self, other: Delta) -> None:
        """Merge: the one operation buckets know."""
        self.values = [one + two for one, two in zip(self.values, other.values, strict=True)]
        self.n += other.n
        self.synthetic_n += other.synthetic_n
        self.digest = (self.digest + other.digest) % DIGEST_MOD


class Effect(NamedTuple):
    """What a batch does, beside moving the cursor."""

    deltas: dict[BucketKey, Delta]
    fresh: list[Decoded]
    duplicates: int
    verdicts: list[Verdict]


class _Route(NamedTuple):
    """One definition's interest in one event type."""

    kpi: str
    version: int
    terms: tuple[tuple[int, Predicate], ...]
    width: int
    dimensions: tuple[tuple[str, str], ...]


_decode = msgspec.json.Decoder(Envelope).decode
_dims_json = msgspec.json.Encoder(order="sorted").encode
_HASH_HEX = 32


def decode_records(records: Iterable[Record]) -> tuple[list[Decoded], list[Verdict]]:
    """Read records; unreadable and future ones become verdicts `envelope`, `parse`, `time_in_future`."""
    decoded: list[Decoded] = []
    verdicts: list[Verdict] = []
    for record in records:
        try:
            event = _decode(record.value)
            content = bytes.fromhex(event.contenthash[:_HASH_HEX])
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = "envelope" if isinstance(error, msgspec.ValidationError) else "parse"
            verdicts.append(Verdict(record, reason, str(error), ""))
            continue
        if event.time.tzinfo is None:
            verdicts.append(Verdict(record, "envelope", f"time {event.time} has no offset", event.id))
        elif event.time.timestamp() > record.append_ms / 1000 + FUTURE_TOLERANCE_S:
            verdicts.append(Verdict(record, "time_in_future", f"time {event.time} lies after its arrival", event.id))
        else:
            key = xxh3_128_digest(f"{event.source}\0{event.id}".encode())
            decoded.append(Decoded(record, event, key, content))
    return decoded, verdicts


class Evaluator:
    """All definitions of a job, routed by event type."""

    def __init__(self, definitions: Iterable[KpiDefinition]) -> None:
        self._routes: dict[str, list[_Route]] = {}
        self._dims: dict[tuple[str, ...], str] = {}
        for definition in definitions:
            self._add(definition)

    def _add(self, definition: KpiDefinition) -> None:
        for name, source in definition.sources.items():
            terms = tuple(
                (index, term.predicate()) for index, term in enumerate(definition.terms) if term.count == name
            )
            dimensions = tuple((dimension, paths[name][1:]) for dimension, paths in definition.dimensions.items())
            route = _Route(definition.id, definition.version, terms, len(definition.terms), dimensions)
            self._routes.setdefault(source.type, []).append(route)

    def evaluate(self, decoded: Sequence[Decoded], known: Callable[[Collection[bytes]], dict[bytes, bytes]]) -> Effect:
        """Contributions of the events that were not counted before.

        Args:
            known: for id keys, the content of those that were counted earlier.

        Returns:
            deltas, the fresh events, the number of repeated ones, and verdicts `id_reuse` and `processing`.
        """
        deltas: dict[BucketKey, Delta] = {}
        seen = known([item.id_key for item in decoded])
        fresh: list[Decoded] = []
        verdicts: list[Verdict] = []
        duplicates = 0
        for item in decoded:
            first = seen.get(item.id_key)
            if first is not None:
                if first == item.content:
                    duplicates += 1
                else:
                    verdicts.append(
                        Verdict(item.record, "id_reuse", "the same id came with other content", item.event.id)
                    )
                continue
            try:
                contributions = self.contributions(item)
            except Exception as error:  # noqa: BLE001 - whatever one event does, its partition goes on
                verdicts.append(Verdict(item.record, "processing", repr(error), item.event.id))
                continue
            seen[item.id_key] = item.content
            fresh.append(item)
            for key, delta in contributions:
                if (bucket := deltas.get(key)) is None:
                    deltas[key] = delta
                else:
                    bucket.add(delta)
        return Effect(deltas, fresh, duplicates, verdicts)

    def contributions(self, item: Decoded) -> list[tuple[BucketKey, Delta]]:
        """What one event adds, per definition that counts it."""
        found: list[tuple[BucketKey, Delta]] = []
        event = item.event
        for route in self._routes.get(event.type, ()):
            delta: Delta | None = None
            for index, holds in route.terms:
                if holds(event.data):
                    delta = delta or Delta(route.width)
                    delta.values[index] = 1
            if delta is None:
                continue
            delta.n = 1
            delta.synthetic_n = int(event.synthetic)
            delta.digest = xxh3_128_intdigest(item.id_key + item.content)
            start = grain_start(Grain.HOUR, int(event.time.timestamp() * 1000))
            found.append((BucketKey(route.kpi, route.version, start, CITY, self._dimensions(route, event.data)), delta))
        return found

    def _dimensions(self, route: _Route, data: dict[str, Any]) -> str:
        values = tuple(str(data.get(path) or "") for _, path in route.dimensions)
        cached = self._dims.get((route.kpi, *values))
        if cached is None:
            if len(self._dims) > 100_000:  # noqa: PLR2004 - a cache, bounded against hostile values
                self._dims.clear()
            names = (name for name, _ in route.dimensions)
            cached = self._dims[route.kpi, *values] = _dims_json(dict(zip(names, values, strict=True))).decode()
        return cached


QUIET_S = 60
"""A window settles only when nothing has changed it for this long, so that a running delivery is not "corrected"."""


def window_label(*, end_s: int, lateness_s: int, clock_ms: int, changed_ms: int | None, was_settled: bool) -> str:
    """How settled a window is.

    Args:
        clock_ms: how far the slowest partition has come (append time).
        changed_ms: append time of the newest input at the last change; None = it changes now.

    Returns:
        `provisional` until the clock passes end + lateness and the window has been quiet, then `final`; a change after
        that is `corrected`.
    """
    if was_settled and changed_ms is None:
        return "corrected"
    over = clock_ms >= (end_s + lateness_s) * 1000
    quiet = changed_ms is not None and clock_ms >= changed_ms + QUIET_S * 1000
    return "final" if over and quiet else "provisional"
