"""Dead letter, mended, driven in again: a KPI changes by exactly the mended events, and by nothing on a repetition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cityhub.adapters.doors.mending import Edit
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.world import WBD
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import NOON, TOPIC, Record, departure

DELAYS = (0, 60, 600)
ABSURD = 10**9
"""Seconds of delay that no contract allows."""


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.caller = replace(WBD, organisation="dvv")
    desk.now = NOON + timedelta(minutes=30)
    return desk


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Path]:
    return iter(tmp_path / f"{number}.db" for number in range(9))


async def test_a_kpi_changes_by_exactly_the_mended_events(desk: Desk, stores: Iterator[Path]) -> None:
    good = [departure(number, delay) for number, delay in enumerate(DELAYS)]
    late, early = departure("late", 300), departure("early", 0)
    wrong = [replace(departure(key, ABSURD), id=one.id) for key, one in (("late", late), ("early", early))]
    told = await desk.post(codec.encode_batch([*good, *wrong]), codec.BATCH)
    assert (told.json()["accepted"], told.json()["rejected"]) == (3, 2)
    assert buckets(desk, next(stores)) == buckets_of(good, next(stores))

    for offset, delay in ((0, 300), (1, 0)):
        result = await desk.drive_one(offset, partner="dvv", edit=Edit(merge={"delay_s": delay}))
        assert result.status == "redriven"
    assert buckets(desk, next(stores)) == buckets_of([*good, late, early], next(stores))

    log = desk.broker.topics[TOPIC]
    log += log[-2:]  # as a redrive that was killed and repeated
    assert buckets(desk, next(stores)) == buckets_of([*good, late, early], next(stores))


async def test_the_number_of_departures_grows_by_the_mended_one(desk: Desk, stores: Iterator[Path]) -> None:
    wrong = departure("x", ABSURD)
    await desk.post(codec.encode_batch([departure(1, 0), wrong]), codec.BATCH)
    before = day(desk, next(stores))
    await desk.drive_one(partner="dvv", edit=Edit(merge={"delay_s": 0}))
    after = day(desk, next(stores))
    assert after == (before[0] + 1, before[1] + 1)


def buckets(desk: Desk, store: Path) -> object:
    return engine([value for _, value, _ in desk.broker.topics[TOPIC]], store).buckets()


def buckets_of(events: list[Event], store: Path) -> object:
    """Of an engine that heard of nothing else."""
    return engine([codec.encode(one) for one in events], store).buckets()


def day(desk: Desk, store: Path) -> tuple[int, int]:
    """Numerator and events of M01."""
    made = engine([value for _, value, _ in desk.broker.topics[TOPIC]], store)
    made.publish()
    (value,) = made.values("M01", WindowKind.DAY)
    return value.numerator, value.n


def engine(bodies: list[bytes], store: Path) -> Engine:
    made = Engine(store)
    made.know([TOPIC])
    at = int((NOON + timedelta(hours=1)).timestamp() * 1000)
    made.apply(TOPIC, [Record(offset, at, body) for offset, body in enumerate(bodies)])
    return made
