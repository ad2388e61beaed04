"""The observer sees what came in a step, keeps it before it tells it, and tells it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.health.kpi import health_of
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.health.source import STEP_S, Observation, State
from cityhub.kpi.ledger.book import Book, Topic
from cityhub.kpi.observer import COUNTED, OBSERVED, Observer
from cityhub.kpi.store import decisions, health_tables, source_health
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from cityhub.sdk.conformance import violations
from cityhub.sdk.event import Event
from tests.unit.kpi.engine import JOB
from tests.unit.kpi.health.observations import BIN, NOON, NOON_S, level, seen
from tests.unit.kpi.health.test_kpi import value
from tests.unit.kpi.ledger.test_book import Headed

CATALOGUE = load_catalogue()
BINS = Topic("du.evt.wbd.bin.v1")
LETTERS = Topic("du.dlq.wbd", letters=True)
BIN_S = 3_600
"""How often a bin promises to report."""


class Sink:
    """Takes what is told, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.told: list[Event] = []

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        if self.away:
            raise BusUnavailable("nobody answers")
        assert topic == "du.evt.hub.source.v1"
        self.told += [codec.decode(value) for _, value, _ in records]


class World:
    """Bins that report, and who looks at them."""

    def __init__(self, database: Database, answers: Mapping[str, datetime] | None = None) -> None:
        self.database = database
        self.sink = Sink()
        self.book = Book(database, JOB)
        self.observer = Observer(database, CATALOGUE.contracts, self.sink, lambda: answers or {})

    def come(self, at_s: float, bins: range, lag_s: float = 2, topic: Topic = BINS) -> None:
        """Levels of some bins, appended at a time from noon on."""
        at = NOON + timedelta(seconds=at_s)
        stamp = int(at.timestamp() * 1000)
        first = self.book.cursors().get((topic.name, 0), -1) + 1
        events = [level(number, at - timedelta(seconds=lag_s)) for number in bins]
        records = [Headed(first + n, stamp, codec.encode(event), []) for n, event in enumerate(events)]
        self.book.enter(topic, 0, first - 1, records)

    def refuse(self, at_s: float, reasons: Sequence[str], value: bytes = b"") -> None:
        """Dead letters of a door, each of an event of its own."""
        stamp = NOON_S * 1000 + int(at_s * 1000)
        first = self.book.cursors().get((LETTERS.name, 0), -1) + 1
        said = [
            {"dlq_consumer": "cityhub-http-door", "dlq_origin": f"{first + n}", "dlq_reason": reason}
            for n, reason in enumerate(reasons)
        ]
        headers = [[(name, text.encode()) for name, text in one.items()] for one in said]
        self.book.enter(LETTERS, 0, first - 1, [Headed(first + n, stamp, value, one) for n, one in enumerate(headers)])

    async def look(self, step: int) -> None:
        """As soon as a step is over and its records are in the ledger."""
        await self.observer.run(datetime.fromtimestamp(NOON_S + (step + 1) * STEP_S + 10, UTC))

    def observations(self) -> list[Observation]:
        with self.database.snapshot() as connection:
            return source_health.observations(connection, 0)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


async def test_the_step_in_which_a_hub_begins_is_not_judged(world: World) -> None:
    with world.database.begin() as connection:
        decisions.begin(connection, CATALOGUE, NOON_S * 1_000 + 60_000)
    world.come(70, range(4))
    await world.look(0)
    assert not world.observations()
    await world.look(1)
    assert [one.start_s for one in world.observations()] == [NOON_S + STEP_S]


async def test_it_sees_what_came_in_the_step(world: World) -> None:
    world.come(-400, range(8))
    world.come(10, range(4), lag_s=60)
    world.come(250, range(4, 6), lag_s=3)
    world.refuse(20, ["contract", "contract", "parse"], codec.encode(level(9, NOON)))
    world.come(310, range(9))
    await world.look(0)
    (found,) = world.observations()
    assert found == Observation(
        source=BIN,
        start_s=NOON_S,
        promised_s=BIN_S,
        newest_s=NOON_S + 250,
        age_s=50,
        received=9,
        rejected=3,
        known=9,
        heard=9,
        lag_p95_ms=found.lag_p95_ms,
    )
    assert found.lag_p95_ms == pytest.approx(60_000, rel=1 / 100)
    observed, *letters = world.sink.told
    assert (observed.type, observed.subject, observed.time) == (OBSERVED, BIN, NOON)
    assert observed.data["in_time"] is True
    assert [(one.type, one.data["reason"], one.data["letters"]) for one in letters] == [
        (COUNTED, "contract", 2),
        (COUNTED, "parse", 1),
    ]
    for event in world.sink.told:
        assert violations(CATALOGUE.contracts[event.type], event.data) == []
        assert event.partitionkey == event.subject


async def test_who_is_silent_is_known_for_a_week(world: World) -> None:
    world.come(-8 * 86_400, range(50, 60))
    world.come(-3 * BIN_S - 10, range(40))
    world.come(5, range(10))
    await world.look(0)
    (found,) = world.observations()
    assert (found.known, found.heard) == (40, 10)


async def test_what_nobody_names_counts_for_the_partner_alone(world: World) -> None:
    world.come(5, range(1))
    world.refuse(20, ["parse"], b"{")
    await world.look(0)
    (found,) = world.observations()
    assert (found.received, found.rejected) == (1, 0)
    assert world.sink.told[-1].data == {"partner": "wbd", "reason": "parse", "letters": 1}


async def test_a_source_of_which_nothing_ever_came_is_not_observed(world: World) -> None:
    await world.look(0)
    assert world.observations() == []
    assert world.sink.told == []


async def test_a_feed_that_says_that_nothing_happened_is_in_time(database: Database) -> None:
    world = World(database, {"de.duisburg.dvv.transit.stop-departed.v1": NOON + timedelta(seconds=280)})
    await world.look(0)
    found = world.observations()
    assert [one.source for one in found] == ["de.duisburg.dvv.transit.stop-departed.v1"]
    assert {(one.age_s, one.received, one.in_time) for one in found} == {(20, 0, True)}


async def test_a_step_is_looked_at_once_when_it_is_over(world: World) -> None:
    world.come(5, range(2))
    await world.observer.run(datetime.fromtimestamp(0, UTC))
    await world.observer.run(NOON + timedelta(seconds=STEP_S + 9))
    assert [one.start_s for one in world.observations()] == [NOON_S - STEP_S] * len(world.observations())
    before = len(world.sink.told)
    await world.look(0)
    assert len(world.sink.told) == before + 1
    world.come(6, range(2, 4))
    await world.look(0)
    assert len(world.sink.told) == before + 1


async def test_what_was_seen_is_told_the_same_after_a_crash(world: World) -> None:
    world.come(5, range(2))
    world.sink.away = True
    with pytest.raises(BusUnavailable):
        await world.look(0)
    kept = world.observations()
    world.come(20, range(2, 9))
    world.sink.away = False
    again = Observer(world.database, CATALOGUE.contracts, world.sink)
    await again.run(datetime.fromtimestamp(NOON_S + STEP_S + 15, UTC))
    assert world.observations() == kept
    assert [(event.subject, event.data["received"]) for event in world.sink.told] == [(BIN, 2)]
    await again.run(datetime.fromtimestamp(NOON_S + STEP_S + 20, UTC))
    assert len(world.sink.told) == 1


async def test_two_runs_over_the_same_records_give_the_same_rows(database: Database, tmp_path: Any) -> None:
    other = Database(tmp_path / "other.db")
    rows = []
    for one, sizes in ((database, (100,)), (other, (7, 1, 50, 42))):
        world = World(one)
        for step in range(10):
            count = 100 if step < 3 else 70
            first = 0
            for size in sizes:
                world.come(step * STEP_S + 30, range(min(first, count), min(first + size, count)))
                first += size
            await world.look(step)
        rows.append([event.id + event.contenthash for event in world.sink.told])
        with one.snapshot() as connection:
            rows.append(connection.execute(select(health_tables.source)).all())
    other.close()
    assert rows[0] == rows[2]
    assert rows[1] == rows[3]


async def test_health_is_known_for_every_instant(world: World) -> None:
    """38 of 100 bins fall silent, and come back."""
    for step in range(0, 96, 6):
        world.come(step * STEP_S + 5, range(62 if 0 < step < 72 else 100))
        await world.look(step)
    second = [one for one in world.observations() if one.heard == 62][1]
    changed = datetime.fromtimestamp(second.end_s, UTC)
    with world.database.snapshot() as connection:
        before = source_health.source_healths(connection, changed - timedelta(seconds=1)).by_source[BIN]
        after = source_health.source_healths(connection, changed).by_source[BIN]
        now = source_health.source_healths(connection).by_source[BIN]
    assert (before.state, after.state, after.share, now.state) == (State.GOOD, State.UNRELIABLE, 0.38, State.GOOD)
    assert now.at_s == seen(78).end_s
    assert "38 % der Behälter melden seit 12:" in _said(world.database, changed)


async def test_old_steps_are_forgotten_health_is_not(world: World) -> None:
    world.come(5, range(2))
    await world.look(0)
    await world.look(400)
    await world.look(401)
    assert [one.start_s for one in world.observations()] == [seen(400).start_s, seen(401).start_s]
    with world.database.snapshot() as connection:
        assert list(connection.execute(select(health_tables.step))) == []
        assert source_health.source_healths(connection, NOON + timedelta(hours=1)).by_source[BIN].state is State.GOOD
        assert source_health.source_healths(connection).by_source[BIN].state is State.UNRELIABLE


def _said(database: Database, at: datetime) -> str:
    with database.snapshot() as connection:
        known = source_health.source_healths(connection, at)
    return sentence(health_of(CATALOGUE["I11"], value("I11"), known), "de")
