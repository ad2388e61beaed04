"""Looks at a few events, few enough to work numbers out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.kpi.definition import parse_definition
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.changes import Changes
from cityhub.kpi.proof.looks import View
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.event import make_event
from tests.unit.kpi.few import few
from tests.unit.kpi.proof.week import Arrived

CATALOGUE = few()
FLAT, SET = "de.duisburg.gebag.flat.status-changed.v1", "de.duisburg.city.reference.set.v1"
DEPARTED, CANCELLED = "de.duisburg.dvv.transit.stop-departed.v1", "de.duisburg.dvv.transit.trip-cancelled.v1"
LEVEL = "de.duisburg.wbd.bin.level-observed.v1"
CITY = Cut("city", "{}")
MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)
_serial = count()


def flat(name: str, version: int, at: datetime, *, source: str = "//gebag/erp", area: float = 60.0, **more: Any) -> Any:
    data = {"flat_id": name, "version": version, "modernised": True, "area_m2": area, **more}
    return make_event(
        type_=FLAT,
        source=source,
        natural_key=(name, str(version)),
        version="1",
        subject=name,
        time=at,
        recorded_at=at,
        data=data,
    )


def stock(value: int, valid_from: datetime) -> Any:
    data = {"name": "flats", "value": value, "unit": "1", "valid_from": valid_from.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return make_event(
        type_=SET,
        source="//gebag/stock",
        natural_key=(str(next(_serial)),),
        version="1",
        subject="flats",
        time=valid_from,
        recorded_at=valid_from,
        data=data,
    )


class Log:
    """Events archived as they arrive."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(storage_of(folder), CATALOGUE.contracts)
        self._writers: dict[str, TopicWriter] = {}

    def arrives(self, at: datetime, *events: Any) -> None:
        for event in events:
            topic = CATALOGUE.contracts[event.type].topic
            writer = self._writers.setdefault(
                topic, TopicWriter(self.archive.storage, topic, CATALOGUE.contracts.of_topic(topic))
            )
            offset = writer.next_offset(0) or 0
            writer.add(0, [Arrived(offset, int(at.timestamp() * 1000), codec.encode(event))], {})
            writer.commit(0)


def view(version: str, known: datetime, month: datetime = MARCH) -> View:
    text = files("cityhub.kpi").joinpath("definitions/wohnen/W01.yaml").read_text("utf-8")
    if version == "large flats only":
        text = text.replace("version: 1", "version: 2").replace(
            "where: {eq: [$modernised, true]}", "where: {all: [{eq: [$modernised, true]}, {ge: [$area_m2, 50]}]}"
        )
    if version == "other stock":
        text = text.replace("reference: flats", "reference: houses")
    plan = plan_of(parse_definition(text, "W01.yaml", CATALOGUE.contracts))
    return View(plan, window_at(WindowKind.MONTH, int(month.timestamp())), CITY, int(known.timestamp() * 1000))


def amounts(found: Changes) -> dict[str, Decimal | None]:
    return {part.cause: part.amount for part in found.parts}


def told(type_: str, source: str, subject: str, at: datetime, **data: Any) -> Any:
    return make_event(
        type_=type_,
        source=source,
        natural_key=(str(next(_serial)),),
        version="1",
        subject=subject,
        time=at,
        recorded_at=at,
        data=data,
        partitionkey=subject,
    )


def departures(source: str, line: str, at: datetime, *delays: int) -> list[Any]:
    data = {"trip": line, "line": line, "classifier": "ACT"}
    return [told(DEPARTED, source, line, at, **data, delay_s=delay) for delay in delays]


def day(kpi: str, known: datetime, dims: str = "{}") -> View:
    window = window_at(WindowKind.DAY, int(MARCH.timestamp()))
    return View(plan_of(CATALOGUE[kpi]), window, Cut("city", dims), int(known.timestamp() * 1000))
