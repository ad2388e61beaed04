"""The virtual log: what every record is, written down when it is made, so that the oracle need not read it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tests.unit.kpi.simulator import roads
from tests.unit.kpi.simulator.city import (
    CLOSED,
    FLAT,
    HORIZON_MS,
    HOUR_MS,
    MINUTE_MS,
    OTHER,
    PARTS,
    REFERENCE,
    SEEN,
    TOPIC_OF,
)

CURSED = "cursed"
"""A subject that every definition fails on."""
Partition = tuple[str, int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STARTS = tuple(
    int(datetime.fromisoformat(text).timestamp()) * 1000
    for text in (
        "2026-11-20T10:00+00:00",
        "2026-11-20T22:30+00:00",  # half an hour before midnight in Duisburg
        "2026-10-25T00:00+00:00",  # clocks go back an hour later
        "2026-03-29T00:00+00:00",  # and forward
    )
)
_SOURCES = ("//sim/one", "//sim/two")
_INSTANTS = ("until", "valid_from", "begin", "end")
_encode = msgspec.json.encode


class Sample(Struct, frozen=True):
    """An event as it was meant; `t` in epoch ms."""

    type: str
    source: str
    id: str
    subject: str
    t: int
    borough: str
    synthetic: bool
    data: dict[str, Any]

    @property
    def content(self) -> str:
        """Stands for what the event says, as the doors' content hash does: all but borough."""
        said = [self.type, self.source, self.subject, self.t, self.data]
        return hashlib.sha256(_encode(said)).hexdigest()

    @property
    def key(self) -> str:
        """What its partition follows from."""
        return str(self.data["case"]) if "case" in self.data else self.subject

    def body(self, reading: int) -> bytes:
        """The record; a repeated reading gives other bytes for the same content."""
        attributes = {"id": self.id, "source": self.source, "type": self.type, "subject": self.subject}
        more = {"time": iso(self.t), "contenthash": self.content, "reading": reading, "synthetic": self.synthetic}
        data = {name: iso(value) if name in _INSTANTS and value else value for name, value in self.data.items()}
        return _encode({**attributes, **more, "borough": self.borough, "data": data})


class Sent(NamedTuple):
    """One record of the log, shaped as the client's.

    Attributes:
        poison: why no engine may read it; "" = it is `sample`.
    """

    offset: int
    timestamp: int
    value: bytes | None
    poison: str
    sample: Sample | None


def iso(t_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=t_ms)).isoformat()


class Log:
    """A whole log, made at once.

    Attributes:
        parts: records of every partition.
        order: the partitions in the order of appending.
    """

    def __init__(self, rng: Random, types: tuple[str, ...], topics: tuple[str, ...], most: int) -> None:
        self._rng = rng
        self._types = types
        self._topics = topics
        self.start_ms = rng.choice(_STARTS)
        self._now = self.start_ms
        self._many = {topic: rng.randint(1, PARTS[topic]) for topic in topics}
        self.parts: dict[Partition, list[Sent]] = {
            (topic, part): [] for topic in topics for part in range(self._many[topic])
        }
        self.order: list[Partition] = []
        for _ in range(rng.randint(4, most)):
            self._append()

    def _append(self) -> None:
        rng = self._rng
        self._now += rng.choice((0, 0, 1, 1000, MINUTE_MS, MINUTE_MS, 20 * MINUTE_MS, 50 * MINUTE_MS))
        if rng.random() < 0.04:
            self._now += rng.choice((3 * HOUR_MS, 6 * HOUR_MS + 5 * MINUTE_MS, 7 * HOUR_MS))
        kind = rng.random()
        if kind < 0.60:
            self._event(self._sample())
        elif kind < 0.64:
            self._twin()
        elif kind < 0.80:
            self._again()
        elif kind < 0.85:
            self._reused()
        elif kind < 0.88:
            self._event(replace(self._sample(), subject=CURSED))
        else:
            self._poison()

    def _stamp(self) -> int:
        """The broker's clock stands still, or goes back a little when a partition's leader changes."""
        return self._now - (30_000 if self._rng.random() < 0.05 else 0)

    def _put(self, at: Partition, stamp: int, value: bytes | None, poison: str, sample: Sample | None) -> None:
        self.parts[at].append(Sent(len(self.parts[at]), stamp, value, poison, sample))
        self.order.append(at)

    def _event(self, sample: Sample, part: int | None = None) -> None:
        topic = TOPIC_OF[sample.type]
        at = (topic, self._part(topic, sample.key) if part is None else part)
        self._put(at, self._stamp(), sample.body(len(self.order)), "", sample)

    def _part(self, topic: str, key: str) -> int:
        return sum(key.encode()) % self._many[topic]

    def _sample(self) -> Sample:
        rng = self._rng
        type_ = rng.choice(self._types)
        t = self._time(type_)
        return Sample(
            type=type_,
            source=rng.choice(_SOURCES),
            id=f"e{len(self.order)}",
            subject=rng.choice("abc"),
            t=t,
            borough=rng.choice(("", "STB01", "STB02")),
            synthetic=rng.random() < 0.5,
            data=self._data(type_, t),
        )

    def _time(self, type_: str) -> int:
        rng, now = self._rng, self._now
        horizon = HORIZON_MS[type_] if type_ != REFERENCE else HOUR_MS
        kind = rng.random()
        if kind < 0.5:
            return now - rng.randint(0, 12 * MINUTE_MS)
        if kind < 0.7:
            return (now - rng.randint(0, 2) * HOUR_MS) // HOUR_MS * HOUR_MS - rng.choice((0, 0, 1))
        if kind < 0.85:
            return now - rng.randint(0, horizon)
        return now + rng.choice((5 * MINUTE_MS, 5 * MINUTE_MS, 5 * MINUTE_MS + 1, -horizon, -horizon - 1))

    def _data(self, type_: str, t: int) -> dict[str, Any]:
        rng = self._rng
        line = rng.choice(("u", "v", None))
        if type_ == SEEN:
            until = rng.choice((None, t + 30 * MINUTE_MS, t + 3 * HOUR_MS, t - MINUTE_MS))
            value = rng.choice((None, rng.randint(0, 5), rng.randint(0, 100_000)))
            return {"ok": rng.choice((True, True, False, None)), "value": value, "line": line, "until": until}
        if type_ == FLAT:
            gone = rng.choice((None, False, False, True))
            return {"version": rng.randint(1, 4), "gone": gone, "area": rng.choice((None, rng.randint(1, 500)))}
        if type_ == REFERENCE:
            valid_from = (self.start_ms // HOUR_MS + rng.randint(-30, 3)) * HOUR_MS
            return {
                "name": rng.choice(("stock", "stock", "other")),
                "value": rng.randint(0, 9),
                "valid_from": valid_from,
            }
        if type_ in roads.TYPES:
            return roads.data(rng, self.start_ms, t)
        return {"case": rng.choice("mn"), "line": line}

    def _pick(self) -> tuple[Partition, Sample] | None:
        found = [(at, sent.sample) for at, sents in self.parts.items() for sent in sents if sent.sample is not None]
        return self._rng.choice(found) if found else None

    def _again(self) -> None:
        """A source is read again: the same event, in the same partition."""
        found = self._pick()
        if found is not None:
            at, sample = found
            if len({other.content for other, _ in self._same_id(at, sample)}) == 1 or self._remembered(at, sample):
                self._event(sample, at[1])

    def _reused(self) -> None:
        """Another event under an id that was used before."""
        found = self._pick()
        if found is not None and self._remembered(*found):
            (topic, part), used = found
            type_ = self._rng.choice([type_ for type_ in self._types if TOPIC_OF[type_] == topic])
            sample = self._sample()
            data = self._data(type_, sample.t)
            data |= {"case": used.data["case"]} if "case" in data and "case" in used.data else {}
            subject = used.subject
            if subject == CURSED:  # the other one may be counted
                subject = next((one for one in "abc" if "case" in data or self._part(topic, one) == part), CURSED)
            same = {"id": used.id, "source": used.source, "subject": subject}
            self._event(replace(sample, type=type_, data=data, **same), part)

    def _twin(self) -> None:
        """Another source happens to give an id that one has given."""
        found = self._pick()
        if found is not None:
            source = _SOURCES[found[1].source == _SOURCES[0]]
            twin = replace(self._sample(), id=found[1].id, source=source)
            if not any(self._same_id(at, twin) for at in self.parts):
                self._event(twin)

    def _same_id(self, at: Partition, sample: Sample) -> list[tuple[Sample, int]]:
        same = (sample.source, sample.id)
        records = [(sent.sample, sent.timestamp) for sent in self.parts[at] if sent.sample is not None]
        return [(other, stamp) for other, stamp in records if (other.source, other.id) == same]

    def _remembered(self, at: Partition, sample: Sample) -> bool:
        """Whether an engine must still know the id; a little later it may or may not."""
        horizon_ms = max(HORIZON_MS[type_] for type_, topic in TOPIC_OF.items() if topic == at[0])
        return self._now - min(stamp for _, stamp in self._same_id(at, sample)) <= horizon_ms

    def _poison(self) -> None:
        rng = self._rng
        topic = rng.choice(self._topics)
        at = (topic, rng.randrange(self._many[topic]))
        mine = [type_ for type_, name in TOPIC_OF.items() if name == topic]
        t = self._now
        sample = Sample(rng.choice(mine), _SOURCES[0], f"p{len(self.order)}", "a", t, "", True, {})
        sample = replace(sample, data=self._data(sample.type, t))
        reason, value = rng.choice(_POISONS)
        if value is None:
            value = _spoilt(reason, sample, foreign=CLOSED if topic != OTHER else SEEN)
        self._put(at, self._stamp(), value, reason, None)


_POISONS: tuple[tuple[str, bytes | None], ...] = (
    ("parse", b"{"),
    ("parse", b"\xff\xfe"),
    ("parse", b""),
    ("parse", b'{"data":' + b'{"a":' * 2_000),
    ("size", b" " * 65_537),
    ("envelope", b"{}"),
    ("envelope", None),
    ("unknown_type", None),
    ("foreign", None),
    ("contract", None),
)


def _spoilt(reason: str, sample: Sample, foreign: str) -> bytes:
    """A readable event with one thing wrong."""
    tree = msgspec.json.decode(sample.body(0))
    if reason == "unknown_type":
        tree["type"] = "de.duisburg.wbd.bin.unheard.v1"
    elif reason == "foreign":
        tree["type"] = foreign
    elif reason == "envelope":
        tree["contenthash"] = "z" * 64
    else:
        tree["data"] = {name: [value] for name, value in tree["data"].items()}
    return _encode(tree)
