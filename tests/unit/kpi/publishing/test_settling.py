"""Numbers do not settle while the publisher has not heard of everything that is counted in them."""

from __future__ import annotations

import pytest

from cityhub.kpi.store import publishing, touched
from cityhub.kpi.store.database import Database
from cityhub.kpi.values import Label
from tests.unit.kpi.publishing.test_labels import HOUR, NOON, share, state
from tests.unit.kpi.publishing.world import World


def test_a_number_does_not_settle_before_all_its_arrivals_are_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of which there are no marks yet are in the buckets: what they brought in time must not come after."""
    monkeypatch.setattr(touched, "BATCHES_AT_ONCE", 1)
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    for arrival in ("2026-11-20 12:40", "2026-11-20 12:50", "2026-11-20 13:30"):
        world.clock(arrival, 1)
        world.add(NOON, 1, 1, marked=False)
    world.clock("2026-11-20 17:00")
    seen = []
    for _ in range(4):
        world.publishing.refresh(0)
        seen.append(state(world))
    assert seen == [
        (Label.PROVISIONAL, 2, ()),
        (Label.FINAL, 3, ()),
        (Label.CORRECTED, 4, ("late",)),
        (Label.CORRECTED, 4, ("late",)),
    ]


def test_nothing_settles_while_older_marks_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MARKS_LOOKED_AT", 2)
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    for hour in (13, 14):
        world.add(f"2026-11-20 {hour}:00", 1, 1)
    world.add(NOON, 1, 1)
    world.clock("2026-11-20 17:00")
    world.publishing.refresh(0)
    assert state(world) == (Label.PROVISIONAL, 1, ())
    world.refresh()
    assert state(world) == (Label.FINAL, 2, ())
