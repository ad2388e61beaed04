"""Walking an owner's publications: a whole history at the first start, then what has come since."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.adapters.conformance import rig as conformance
from tests.unit.adapters.conformance.broker import Broker
from tests.unit.adapters.conformance.rig import NOW, Rig, live, rigs, said

OURS = [rig for rig in rigs() if rig.served.feed.endswith(".roadworks")]
each = pytest.mark.parametrize("rig", OURS, ids=lambda rig: rig.served.feed)


@each
async def test_the_whole_history_is_told_once_and_as_it_was(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conformance, "BOUND", 400)
    whole, broker = replace(rig, longest=timedelta(days=400)), Broker()
    await live(whole, tmp_path, broker)
    assert Counter(map(said, broker.events)) == Counter(map(said, whole.expected()))
    assert {event.type.split(".")[4] for event in broker.events} == {"published", "changed", "started", "closed"}
    assert NOW - min(event.time for event in broker.events) < timedelta(days=90)


@each
async def test_who_reads_on_later_gets_what_has_happened_since(rig: Rig, tmp_path: Path) -> None:
    """Also when the city would show a new reader less of the past by then."""
    later = NOW + timedelta(days=2)

    def clock() -> datetime:
        return later

    await live(rig, tmp_path, Broker())
    broker = Broker()
    await live(replace(rig, city_now=later), tmp_path, broker, clock=clock)
    since = rig.chronicle.between(rig.served.streams, NOW, later)
    assert Counter(map(said, broker.events)) == Counter(map(said, since))
    assert broker.events
