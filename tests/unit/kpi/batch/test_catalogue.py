"""The hub's own definitions over random logs: batch and stream give the same buckets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from cityhub.kpi.batch import buckets, compare, pieces
from cityhub.kpi.definition import load_catalogue
from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.batch.frames import stored
from tests.unit.kpi.batch.world import frames_of
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import Record, records

START = datetime(2026, 10, 24, 12, tzinfo=UTC)
HOURS = 60


def value(rng: Random, field: Field, at: datetime) -> Any:
    """Few different ones, so that entities meet; positions near each other."""
    if field.optional and rng.random() < 0.2:
        return None
    match field.type:
        case "text":
            return rng.choice(field.values or (*"abcdefg", "schuelerfahrtkosten"))
        case "boolean":
            return rng.random() < 0.5
        case "instant":
            return (at + timedelta(minutes=rng.randint(-6000, 9000))).isoformat()
        case "decimal":
            return (field.min or 0) + rng.randint(0, 9) / 10**field.scale
    low = field.low or 0
    return rng.randint(low, low + 400 if field.high is None else min(field.high, low + 400))


def event(rng: Random, contract: Contract, number: int) -> Event:
    at = START + timedelta(seconds=rng.randint(0, HOURS * 3600))
    data = {name: value(rng, field, at) for name, field in contract.fields.items()}
    made = make_event(
        type_=contract.type,
        source=f"//test/{contract.partner}",
        natural_key=(contract.type, str(number)),
        version="1",
        subject=rng.choice("klmnopqr"),
        time=at,
        recorded_at=at,
        data={name: one for name, one in data.items() if one is not None},
        synthetic=rng.random() < 0.5,
    )
    return replace(made, borough=rng.choice(("STB01", "STB02"))) if rng.random() < 0.7 else made


def log(rng: Random, engine: Engine) -> Iterator[tuple[tuple[str, int], list[Record]]]:
    """Every topic in two partitions, with repeated records."""
    for topic in sorted({contract.topic for contract in engine.catalogue.contracts.values()}):
        made = [event(rng, one, n) for one in engine.catalogue.contracts.of_topic(topic) for n in range(30)]
        rng.shuffle(made)
        for part in (0, 1):
            mine = [*made[part::2], *made[part::20]]
            yield (topic, part), records(*mine, appended=START + timedelta(hours=HOURS))


@pytest.mark.parametrize("seed", range(3))
def test_the_hubs_own_definitions(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)  # noqa: S311
    engine = Engine(tmp_path / "store.db", load_catalogue())
    parts = dict(log(rng, engine))
    engine.know({topic for topic, _ in parts}, 2)
    for (topic, part), mine in parts.items():
        engine.apply(topic, mine, part, batch=40)
    assert engine.verdicts() == []
    frames = frames_of(engine, parts)
    for plan in engine.plans:
        expected = stored(engine, plan)
        assert expected.sums.height > 0
        assert compare(plan, expected, buckets(plan, frames)) == []
        assert compare(plan, expected, pieces(plan, frames).buckets(plan)) == []
