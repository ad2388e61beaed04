"""An archive of one small topic, and records for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import Storage, storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, parse_contract
from cityhub.sdk.event import make_event

TOPIC = "du.evt.wbd.gauge.v1"
LEVEL, MOVED = "de.duisburg.wbd.gauge.level-read.v1", "de.duisburg.wbd.gauge.moved.v1"
HEAD = f"topic: {TOPIC}\ncadence: 1h\nlateness: 1h\nhorizon: 5d\ntitle: {{de: Pegel, en: Gauge}}\nfields:\n"
SAYS = "meaning: {de: Wert, en: value}"
CONTRACTS = Contracts(
    [
        parse_contract(
            f"type: {LEVEL}\n{HEAD}"
            f"  level_m: {{type: decimal, scale: 2, unit: m, min: -5, max: 50, {SAYS}}}\n"
            f"  rising: {{type: boolean, optional: true, {SAYS}}}\n"
            f"  valid_until: {{type: instant, optional: true, {SAYS}}}\n",
            "level.yaml",
        ),
        parse_contract(f"type: {MOVED}\n{HEAD}  metres: {{type: integer, min: 0, max: 99, {SAYS}}}\n", "moved.yaml"),
    ]
)
MORNING = datetime(2026, 3, 28, 6, tzinfo=UTC)


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes | None


def event_bytes(number: int, type_: str = LEVEL, after: timedelta = timedelta(), **data: Any) -> bytes:
    """A structured event; the same number is the same event."""
    time = MORNING + after
    event = make_event(
        type_=type_,
        source="//wbd/gauges",
        natural_key=(str(number),),
        version="1",
        subject=f"G{number % 3}",
        time=time,
        recorded_at=time + timedelta(seconds=2),
        data=data or {"level_m": number % 50 + 0.25},
    )
    return codec.encode(event)


def log_of(values: Sequence[bytes], first: int = 0) -> list[Record]:
    """Records of one partition, one a second."""
    start_ms = int(MORNING.timestamp() * 1000)
    return [Record(first + place, start_ms + 1000 * (first + place), value) for place, value in enumerate(values)]


def writer(where: Path | Storage) -> TopicWriter:
    storage = storage_of(where) if isinstance(where, Path) else where
    return TopicWriter(storage, TOPIC, CONTRACTS.of_topic(TOPIC))


def archive(where: Path | Storage) -> Archive:
    return Archive(storage_of(where) if isinstance(where, Path) else where, CONTRACTS)
