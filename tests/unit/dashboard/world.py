"""A seeded city for the dashboard: hours, days and lines of M01 around a fixed moment, all marked as simulated.

`World.of_all_classes` is a city with one KPI of each class instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self

from dash import Dash
from fastapi import FastAPI
from msgspec import structs

from cityhub.adapters.kit.status import FeedStatus
from cityhub.dashboard.app import create_dashboard
from cityhub.dashboard.services import LoginState, Services
from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.values import KpiValue, Label, StreamState, WindowKind
from cityhub.sdk.principal import Principal
from tests.unit.api.classes import CATALOGUE, CLASSES, value_of, values_of

NOW = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
"""14:05 Uhr in Duisburg, a Monday."""
LINES = ("901", "903", "U79", "917", "923", "937", "942", "NE1")
TOPIC = "du.evt.dvv.transit.v1"


def instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


class Live:
    """Published values by hand."""

    def __init__(self) -> None:
        self.subscribers: list[asyncio.Queue[KpiValue | None]] = []

    async def subscribe(self, kpi_id: str | None = None) -> AsyncIterator[KpiValue]:
        queue: asyncio.Queue[KpiValue | None] = asyncio.Queue()
        self.subscribers.append(queue)
        try:
            while (value := await queue.get()) is not None:
                yield value
        finally:
            self.subscribers.remove(queue)

    def publish(self, value: KpiValue | None) -> None:
        for queue in self.subscribers:
            queue.put_nowait(value)


class World:
    """The services of a dashboard, each to be changed by a test."""

    def __init__(self, *, hours: int = 48, now: datetime = NOW, seed: int = 7) -> None:
        self.now = now
        self.login: LoginState = "ready"
        self.viewer: Principal | None = None
        self.live = Live()
        self.proofs: ProofReader | None = None
        self.random = Random(seed)  # noqa: S311
        self.kpi = CATALOGUE["M01"]
        self.feeds: list[FeedStatus] = [feed(now)] if hours else []
        self.streams: list[StreamState] = [stream(now)] if hours else []
        self.reader = InMemoryReader(Catalogue({"M01": self.kpi}), self.streams)
        self.reader.put(history(self.kpi, hours, now, self.random))

    @classmethod
    def of_all_classes(cls) -> Self:
        """A KPI of each class with the last windows of its kinds, and a first one years ago."""
        world = cls(hours=1)
        definitions = {name: CATALOGUE[name] for name in CLASSES}
        topics = {source.topic for item in definitions.values() for source in item.sources.values()}
        for topic in sorted(topics - {TOPIC}):
            world.streams.append(stream(world.now, topic=topic, partner=topic.split(".")[2]))
        world.reader = InMemoryReader(Catalogue(definitions), world.streams)
        for definition in definitions.values():
            world.reader.put(values_of(definition, world.now, 60))
            finest = definition.windows[0]
            world.reader.put([value_of(definition, finest, world.now - timedelta(days=2_000), world.now)])
        return world

    def with_definition(self, definition: KpiDefinition) -> None:
        """Use another definition of M01, or one more KPI."""
        values = self.reader._values
        self.reader = InMemoryReader(
            Catalogue({item.id: item for item in [*self.reader.catalogue, definition]}), self.streams
        )
        self.reader._values = values
        if definition.id == "M01":
            self.kpi = definition

    def services(self) -> Services:
        return Services(
            reader=self.reader,
            feeds=lambda: self.feeds,
            viewer=lambda: self.viewer,
            login_state=lambda: self.login,
            clock=lambda: self.now,
            live=self.live,
            proofs=self.proofs,
        )

    def dashboard(self) -> tuple[FastAPI, Dash]:
        server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        return server, create_dashboard(server, self.services())


def feed(now: datetime, **changes: object) -> FeedStatus:
    moment = now - timedelta(seconds=5)
    status = FeedStatus(
        feed="dvv.transit",
        partner="dvv",
        source="//cityhub/simulated-city/dvv/vdv454",
        synthetic=True,
        interval_s=30,
        succeeded_at=moment,
        data_at=moment,
        checkpoint_at=moment,
        failed_at=None,
        error="",
        delivery_error="",
        last_reject="",
        waiting=0,
        accepted={"stop-departed": 20_000},
        rejected={},
        noted={},
    )
    return structs.replace(status, **changes)


def stream(now: datetime, **changes: object) -> StreamState:
    state = StreamState(
        topic=TOPIC,
        partner="dvv",
        records=20_000,
        rejected=0,
        duplicates=12,
        newest_append=now - timedelta(seconds=8),
        newest_event=now - timedelta(seconds=20),
        synthetic=True,
    )
    return structs.replace(state, **changes)


def value(
    kind: WindowKind,
    at: datetime,
    counted: tuple[int, int],
    *,
    line: str = "",
    now: datetime = NOW,
    cancelled: int = 0,
    **changes: object,
) -> KpiValue:
    """The value of M01 in the window that contains `at`: (good, all) departures."""
    _, begin, finish, _ = window_at(kind, int(at.timestamp()))
    start, end = instant(begin), instant(finish)
    good, total = counted
    made = KpiValue(
        kpi_id="M01",
        definition_version=1,
        scope="city",
        dimensions={"line": line} if line else {},
        window=kind,
        start=start,
        end=end,
        value=100 * good / total if total else None,
        unit="%",
        numerator=good,
        denominator=total,
        beside={"cancelled": cancelled},
        n=total + cancelled,
        synthetic_n=total + cancelled,
        digest="0" * 32,
        label=Label.PROVISIONAL if end + timedelta(minutes=10) > now else Label.FINAL,
        revision=3,
        inputs_up_to=min(now, end + timedelta(minutes=9)),
    )
    return structs.replace(made, **changes)


def history(kpi: KpiDefinition, hours: int, now: datetime, random: Random) -> Sequence[KpiValue]:
    """Every hour with its rhythm, the night without service, and the days they add up to, per line and city."""
    if not hours:
        return []
    values: list[KpiValue] = []
    days: dict[tuple[datetime, str], list[int]] = {}
    for back in range(hours, -1, -1):
        at = now - timedelta(hours=back)
        local_hour = (at.hour + 1) % 24
        if 1 <= local_hour <= 3:
            continue
        city = [0, 0, 0]
        for number, line in enumerate(LINES):
            total = random.randint(60, 90) if 6 <= local_hour <= 19 else random.randint(12, 25)
            rush = 0.06 if local_hour in {7, 8, 16, 17} else 0.0
            good = round(total * min(1.0, random.gauss(0.9 - rush - number * 0.012, 0.02)))
            gone = int(random.random() < 0.02)
            counts = [good, total, gone]
            values.append(value(WindowKind.HOUR, at, (good, total), line=line, now=now, cancelled=gone))
            day = instant(window_at(WindowKind.DAY, int(at.timestamp())).start)
            for key in (line, ""):
                sums = days.setdefault((day, key), [0, 0, 0])
                sums[:] = [a + b for a, b in zip(sums, counts, strict=True)]
            city = [a + b for a, b in zip(city, counts, strict=True)]
        values.append(value(WindowKind.HOUR, at, (city[0], city[1]), now=now, cancelled=city[2]))
    for (day, line), (good, total, gone) in days.items():
        values.append(value(WindowKind.DAY, day, (good, total), line=line, now=now, cancelled=gone))
    return values
