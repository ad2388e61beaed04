"""Another version of a KPI takes over on the real broker, while events come in."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path

from cityhub.kpi import publisher, worker
from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.kpi.store import decisions
from cityhub.kpi.store.database import Database
from cityhub.kpi.values import State, WindowKind
from tests.integration.engine_child import catalogue_over
from tests.integration.servers import Kafka
from tests.integration.test_engine import YESTERDAY, Bench, send
from tests.unit.kpi.samples import departure

DELAYS = (0, 200, 400)
"""Punctual by both versions, by the first one only, and by neither."""


class TwoVersions(Bench):
    """The second version calls punctual what is at most two minutes late."""

    def __init__(self, kafka: Kafka, store: Path) -> None:
        super().__init__(kafka, store)
        first = catalogue_over(self.topic)
        text = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")
        text = text.replace("[$delay_s, -60, 300]", "[$delay_s, -60, 120]").replace("version: 1", "version: 2")
        self.second = parse_definition(text, "M01.v2.yaml", first.contracts)
        database = Database(store)
        with database.begin() as connection:
            decisions.begin(connection, first, 0)
        database.close()
        self.catalogue = Catalogue({"M01": self.second}, first.contracts, list(first))
        self.sent = 0

    async def serve(self, serve: object, stop: object) -> None:
        await serve(self.access, self.store, stop, catalogue=self.catalogue, job=self.topic)  # type: ignore[operator]

    async def send(self, count: int) -> None:
        numbers = range(self.sent, self.sent + count)
        await send(self.access, self.topic, [departure(n, DELAYS[n % 3], at=YESTERDAY) for n in numbers])
        self.sent += count

    def decide(self) -> None:
        database = Database(self.store)
        with database.begin() as connection:
            decisions.want(connection, self.second, who="Leitung", why="stricter", now_ms=int(time.time() * 1000))
        database.close()

    def shows(self, version: int) -> bool:
        """Whether the day says everything that was sent, by this version."""
        day = self.reader.latest("M01", WindowKind.DAY)
        return day is not None and (day.definition_version, day.n) == (version, self.sent)

    @property
    def states(self) -> list[State]:
        return [one.state for one in self.reader.decisions("M01")]


async def test_a_version_takes_over_while_events_come_in(kafka: Kafka, tmp_path: Path) -> None:
    bench = TwoVersions(kafka, tmp_path / "store.db")
    async with bench.running(worker.serve), bench.running(publisher.serve):
        await bench.send(300)
        await bench.until(lambda: bench.shows(1), "the first version does not count everything")
        bench.decide()
        while bench.states[-1] is State.WANTED:
            await bench.send(30)
            await bench.until(lambda: bench.records == bench.sent, "the worker does not go on")
        await bench.send(300)
        await bench.until(lambda: bench.shows(2), "the second version does not count everything")
    assert bench.states == [State.INITIAL, State.ACTIVE]
    day = bench.reader.latest("M01", WindowKind.DAY)
    assert day is not None
    assert (day.numerator, day.denominator) == (bench.sent // 3, bench.sent)
    left = bench.reader.latest("M01", WindowKind.DAY, version=1)
    assert left is not None
    assert left.n < day.n
