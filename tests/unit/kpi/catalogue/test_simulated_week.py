"""A week of the simulated city with the end of summer time in it: Polars counts what the stream has counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest

from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.stored import Snapshot, snapshot
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.kpi.engine import JOB
from tests.unit.kpi.proof.week import Arrived, Week
from tests.unit.kpi.proof.world import World

START, END = datetime(2026, 10, 21, 22, tzinfo=UTC), datetime(2026, 10, 28, 23, tzinfo=UTC)
"""Seven local days and an hour."""
MANY = 1_000
"""Of streams with more events every fourth thing is taken."""
ADAPTER = DVV_TRANSIT.event_types
HUB = "de.duisburg.hub."
"""What is told otherwise than by streams: departures by the adapter's feed, what the hub sees by itself."""
CATALOGUE = load_catalogue()


def told() -> dict[str, list[Event]]:
    """What the streams tell of the week, by topic; of slow ones that tell little or nothing in it all."""
    found: dict[str, list[Event]] = {}
    for stream in STREAMS:
        events = events_between(11, stream, START, END, CATALOGUE.contracts)
        if not events or stream.backfill > timedelta(days=100):
            events = events_between(11, stream, START - stream.backfill, END, CATALOGUE.contracts)
        thin = len(events) > MANY
        for event in events:
            if not thin or _lot(event) % 4 == 0:
                found.setdefault(CATALOGUE.contracts[event.type].topic, []).append(event)
    return found


def _lot(event: Event) -> int:
    """The same number for all events of a thing."""
    return crc32((event.subject or "").encode())


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Snapshot]:
    world = World(Path(tmp_path_factory.mktemp("week")), CATALOGUE, per_type=0)
    world.logs.clear()
    others = [*ADAPTER, *(type_ for type_ in CATALOGUE.contracts if type_.startswith(HUB))]
    world.logs |= Week(CATALOGUE.contracts, others, seed=3, per_type=300).logs
    for topic, events in told().items():
        for part in (0, 1):
            mine = [one for one in events if _lot(one) % 2 == part]
            first = len(world.logs.get((topic, part), []))
            world.logs.setdefault((topic, part), []).extend(
                Arrived(first + n, int((one.time + timedelta(seconds=20)).timestamp() * 1000), codec.encode(one))
                for n, one in enumerate(sorted(mine, key=lambda one: one.time))
            )
    world.count()
    return world, snapshot(world.engine.database, world.plans.values(), JOB)


@pytest.mark.parametrize("kpi", [one.id for one in CATALOGUE])
def test_stream_and_batch_agree(counted: tuple[World, Snapshot], kpi: str) -> None:
    world, cut = counted
    found = audit(world.plans[kpi], cut, world.archive)
    assert found.clean, found.differences
    assert found.buckets
    assert found.events
