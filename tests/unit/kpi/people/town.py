"""A small town whose people visit offices: counted, published and read as everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from msgspec import structs

from cityhub.kpi.definition import Catalogue, KpiDefinition, parse_definition
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk import codec
from cityhub.sdk.contract import Contract, Contracts, Field
from cityhub.sdk.event import make_event
from cityhub.sdk.text import Text
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import Record

TYPE, TOPIC = "de.duisburg.gebag.visit.ended.v1", "du.evt.gebag.visit.v1"
BOROUGHS, CHANNELS, MONTHS = ("STB01", "STB02", "STB03", ""), ("app", "desk", "post"), (10, 11, 12)
SIZES = (0, 0, 2, 3, 4, 5, 7, 7, 8, 12)
"""People of a group: often few, and often at the edge of a rounding."""
QUIET = 0.1
"""Share of months in which hardly anybody comes."""
LEAST = 5
_TEXT = Text("Wort", "word")


class Visit(NamedTuple):
    """Attributes: good = whether it was a good one."""

    month: int
    borough: str
    channel: str
    good: bool


CONTRACT = Contract(
    type=TYPE,
    title=_TEXT,
    topic=TOPIC,
    cadence="1d",
    lateness="1d",
    horizon="400d",
    fields={
        "person": Field(type="text", meaning=_TEXT, personal=True),
        "channel": Field(type="text", meaning=_TEXT, values=CHANNELS),
        "good": Field(type="boolean", meaning=_TEXT),
    },
)
VISITS = {"count": "visits", "name": {"de": "Besuche", "en": "visits"}}
MEASURES = {
    "V01": ("1", {"count": "visits"}, ["channel"]),
    "V02": ("%", {"ratio": {"of": {"count": "visits", "where": {"eq": ["$good", True]}}, "over": VISITS}}, []),
    "V03": ("1", {"distinct": {"of": "visits", "value": "$person"}}, ["channel"]),
}
"""Unit, measure and dimensions of the KPIs: how many visits, how many of them were good, how many people."""


def definition(kpi: str, **more: object) -> KpiDefinition:
    unit, measure, dimensions = MEASURES[kpi]
    tree = {
        "id": kpi,
        "version": 1,
        "field": "wohnen",
        **{key: {"de": kpi, "en": kpi} for key in ("name", "sentence", "question", "formula")},
        "owner": "gebag",
        "audience": "public",
        "unit": unit,
        "direction": "up",
        "grain": "1d",
        "windows": ["month", "year"],
        "default_window": "month",
        "scopes": ["city", "borough"],
        "dimensions": dimensions,
        "sources": {"visits": {"type": TYPE}},
        "measure": measure,
        **more,
    }
    return parse_definition(json.dumps(tree), f"wohnen/{kpi}.yaml", Contracts([CONTRACT]))


class Town:
    """Attributes: visits = everything that happened, each by a person of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - must repeat
        self.catalogue = Catalogue({kpi: definition(kpi) for kpi in MEASURES}, Contracts([CONTRACT]))
        self.store = folder / f"town-{seed}.db"
        self.visits: list[Visit] = []
        self.count_by(self.catalogue)

    def count_by(self, catalogue: Catalogue) -> None:
        """Other processes, with these definitions."""
        self.engine = Engine(self.store, catalogue)
        self.engine.know([TOPIC])

    def live(self) -> Iterator[None]:
        """A quarter, month by month, and the days after it; publishes at each step."""
        for month in MONTHS:
            for visit in self._groups(month):
                self.visit(visit, datetime(2026, month, 10, 12, tzinfo=UTC))
            self.engine.publish()
            yield
        self.tick(datetime(2027, 1, 20, tzinfo=UTC))
        self.engine.publish()
        yield

    def _groups(self, month: int) -> Iterator[Visit]:
        if self.random.random() < QUIET:
            yield from [Visit(month, BOROUGHS[0], "app", True)] * self.random.randint(1, LEAST - 1)
            return
        for borough in BOROUGHS:
            for channel in CHANNELS:
                for good in (True, False):
                    sizes = (0, 0, 0, 1, 2) if channel == "post" or not borough else SIZES
                    yield from [Visit(month, borough, channel, good)] * self.random.choice(sizes)

    def visit(self, visit: Visit, arrives: datetime) -> None:
        """One visit, which the hub hears of then."""
        number = len(self.visits)
        self.visits.append(visit)
        event = make_event(
            type_=TYPE,
            source="//test/gebag",
            natural_key=(str(number),),
            version="1",
            subject="office",
            time=datetime(2026, visit.month, 5, 9, tzinfo=UTC),
            recorded_at=arrives,
            data={"person": f"p{number}", "channel": visit.channel, "good": visit.good},
            synthetic=True,
        )
        if visit.borough:
            event = structs.replace(event, borough=visit.borough, registerversion="1")
        self._append(codec.encode(event), arrives)

    def tick(self, now: datetime) -> None:
        """The log is known to be complete up to an instant."""
        self.engine.writer.mark_complete(TOPIC, 0, len(self.visits) - 1, int(now.timestamp() * 1000))

    def _append(self, value: bytes, arrives: datetime) -> None:
        record = Record(len(self.visits) - 1, int(arrives.timestamp() * 1000), value)
        self.engine.apply(TOPIC, [record])

    @property
    def reader(self) -> SqlReader:
        return SqlReader(self.store, self.catalogue)

    def seen(self) -> Mapping[tuple[str, ...], KpiValue]:
        """All that readers get, by KPI, window, anchor, scope and dimension: latest, series and breakdowns."""
        reader, found = self.reader, {}
        first, last = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=1), datetime(2027, 6, 1, tzinfo=UTC)
        for kpi in MEASURES:
            for kind in (WindowKind.MONTH, WindowKind.YEAR):
                for scope in ("city", *filter(None, BOROUGHS)):
                    for held in ({}, *({"channel": channel} for channel in CHANNELS)):
                        for value in reader.series(kpi, kind, first, last, scope=scope, dimensions=held):
                            when = f"{(value.end - timedelta(days=1)).month}" if kind is WindowKind.MONTH else "year"
                            found[kpi, when, scope, held.get("channel", "")] = value
        reader.close()
        return found
