"""A hub that has just begun: what the simulated city tells at once gives every KPI a number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from msgspec.structs import replace

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import Record
from tests.unit.sandbox.conftest import NOW

FROM_ADAPTERS = {"M01", "M02"}
"""They count departures, which the simulated city tells its adapter and not Kafka."""


def whole(catalogue: Catalogue) -> Catalogue:
    """The same definitions for the city as a whole, in their usual window: fewer numbers, sooner there."""
    plain = {
        one.id: replace(one, dimensions={}, scopes=("city",), windows=(one.default_window,))
        for one in catalogue
        if one.field != "platform" and one.id not in FROM_ADAPTERS
    }
    return Catalogue(plain, catalogue.contracts)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, backfill: Mapping[str, list[Event]]) -> Engine:
    engine = Engine(Path(tmp_path_factory.mktemp("first")) / "store.db", whole(load_catalogue()))
    contracts = engine.catalogue.contracts
    logs: dict[str, list[Record]] = {}
    for event in chain.from_iterable(backfill.values()):
        log = logs.setdefault(contracts[event.type].topic, [])
        log.append(Record(len(log), int(NOW.timestamp() * 1000), codec.encode(event)))
    engine.know(logs)
    for topic, log in logs.items():
        engine.apply(topic, log)
        engine.writer.mark_complete(topic, 0, len(log) - 1, int((NOW + timedelta(minutes=16)).timestamp() * 1000))
    engine.publish(int(NOW.timestamp() * 1000))
    return engine


def test_nothing_is_refused(engine: Engine) -> None:
    assert engine.verdicts() == []


def test_every_kpi_has_a_number(engine: Engine) -> None:
    """Those that tell of people, and only of months that are over, have one of such a month."""
    without = []
    for one in engine.catalogue:
        values = [value for value in engine.values(one.id, one.default_window) if value.value is not None]
        if one.minimum_group is not None and one.default_window is WindowKind.MONTH:
            values = [value for value in values if value.end <= NOW]
        without += [] if values else [one.id]
    assert without == []
