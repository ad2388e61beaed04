"""Definitions compiled to loops: what events add, in which scope and dimensions, and who pays for one that fails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cityhub.kpi.definition import Catalogue, load_catalogue, parse_definition
from cityhub.kpi.kernel.bucket import FIRST_SLOT, Deltas
from cityhub.kpi.kernel.effect import CellId, Effect, Evaluator, Poisoned
from cityhub.kpi.kernel.histogram import bin_of
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import Row
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, parse_contract
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.samples import NOON, Record

TOPIC = "du.evt.imd.meter.v1"
TYPE = "de.duisburg.imd.meter.read.v1"
TEXT = "meaning: {de: a, en: a}"
CONTRACT = f"""
type: {TYPE}
title: {{de: Zähler, en: meter}}
topic: {TOPIC}
cadence: 1h
lateness: 1h
horizon: 9d
subjects_at_most: 100
fields:
  wh: {{type: integer, unit: W.h, min: 0, max: 1000, {TEXT}}}
  level: {{type: decimal, scale: 2, min: 0, max: 10, optional: true, {TEXT}}}
  kind: {{type: text, values: [gas, water], optional: true, {TEXT}}}
  ok: {{type: boolean, {TEXT}}}
  begun_at: {{type: instant, optional: true, {TEXT}}}
  version: {{type: integer, min: 1, max: 99, {TEXT}}}
  gone: {{type: boolean, optional: true, {TEXT}}}
"""
CORRECTABLE = CONTRACT + 'correctable: {entity: ["@subject"], version: $version, retracted: $gone}\n'
HEAD = """
id: T01
version: 1
field: infrastruktur
name: {de: a, en: a}
sentence: {de: a, en: a}
question: {de: a, en: a}
formula: {de: a, en: a}
owner: imd
audience: public
direction: up
grain: 1h
windows: [hour]
default_window: hour
sources: {read: {type: de.duisburg.imd.meter.read.v1}}
"""


def engine(body: str, contract: str = CONTRACT) -> tuple[Evaluator, Plan]:
    contracts = Contracts([parse_contract(contract, "meter.yaml")])
    definition = parse_definition(HEAD + body, "T01.yaml", contracts)
    plan = plan_of(definition)
    return Evaluator([plan], Catalogue({"T01": definition}, contracts).contracts), plan


def reading(
    key: int, *, at: datetime = NOON, borough: str = "", subject: str = "m1", synthetic: bool = False, **data: Any
) -> Event:
    event = make_event(
        type_=TYPE,
        source="//test/imd",
        natural_key=(str(key),),
        version="1",
        subject=subject,
        time=at,
        recorded_at=at,
        data={"wh": 10, "ok": True, "version": 1, **data},
        synthetic=synthetic,
    )
    return (
        event
        if not borough
        else codec.decode(codec.encode(event).replace(b"{", b'{"borough":"%s",' % borough.encode(), 1))
    )


def rows(evaluator: Evaluator, *events: Event) -> list[Row]:
    arrived = int((NOON + timedelta(hours=30)).timestamp() * 1000)
    log = [Record(offset, arrived + offset, codec.encode(event)) for offset, event in enumerate(events)]
    found, verdicts = evaluator.reader(TOPIC).read(log, 0)
    assert verdicts == []
    return found


def slots(effect: Effect) -> dict[tuple[Any, ...], list[int]]:
    """Slots by (hours after noon, scope, *dims)."""
    noon_s = int(NOON.timestamp())
    return {
        ((key[0] - noon_s) // 3600, *key[1:]): vector[FIRST_SLOT:] for key, vector in effect.sums[0].vectors.items()
    }


def test_sum_and_count_by_hour_borough_and_dimension() -> None:
    evaluator, _ = engine(
        """
unit: W.h
scopes: [city, borough]
dimensions: {kind: {read: $kind}, ok: {read: $ok}}
measure: {sum: {of: read, value: $wh}}
beside: {bad: {name: {de: a, en: a}, count: read, where: {eq: [$ok, false]}}}
"""
    )
    found = evaluator.effect(
        rows(
            evaluator,
            reading(1, wh=5, kind="gas", borough="STB01"),
            reading(2, wh=6, kind="gas", borough="STB01", ok=False),
            reading(3, wh=7, kind="gas", borough="STB01"),
            reading(4, wh=8),
            reading(5, wh=9, at=NOON + timedelta(hours=1)),
        )
    )
    assert slots(found) == {
        (0, "STB01", "gas", "true"): [12, 0],
        (0, "STB01", "gas", "false"): [6, 1],
        (0, "", "", "true"): [8, 0],
        (1, "", "", "true"): [9, 0],
    }


def test_an_event_counts_once_however_many_sums_it_enters_and_not_when_it_enters_none() -> None:
    evaluator, _ = engine(
        """
unit: "%"
scopes: [city]
measure:
  ratio:
    of: {count: read, where: {all: [{eq: [$ok, true]}, {ge: [$level, 0.5]}]}}
    over: {count: read, where: {exists: $level}}
    times: 100
"""
    )
    events = [
        reading(1, level=0.5, synthetic=True),
        reading(2, level=0.49),
        reading(3),
        reading(4, level=9, ok=False),
    ]
    counted = rows(evaluator, *events)
    found = evaluator.effect(counted)
    ((_, vector),) = found.sums[0].vectors.items()
    assert vector[FIRST_SLOT:] == [1, 3]
    assert (vector[0], vector[1]) == (3, 1)
    assert vector[2] == counted[0].digest + counted[1].digest + counted[3].digest
    assert (vector[3], vector[4]) == (counted[0].clock_ms, counted[3].clock_ms)


def test_an_unknown_value_is_not_added_and_not_counted() -> None:
    evaluator, plan = engine(
        """
unit: s
scopes: [city]
measure: {quantile: {of: read, value: {minus: ["@time", $begun_at]}, at: [0.5]}}
"""
    )
    found = evaluator.effect(
        rows(
            evaluator,
            reading(1, begun_at="2026-11-20T10:59:00Z"),
            reading(2, begun_at="2026-11-20T10:59:00Z"),
            reading(3, begun_at="2026-11-20T10:00:00Z"),
            reading(4),
        )
    )
    start = int(NOON.timestamp())
    assert plan.width == 0
    assert found.sums[0].bins == {
        (0, bin_of(60_000), start, ""): 2,
        (0, bin_of(3_600_000), start, ""): 1,
    }
    assert [vector[0] for vector in found.sums[0].vectors.values()] == [3]


def test_the_same_sum_twice_takes_one_slot() -> None:
    _, plan = engine(
        """
unit: W.h
scopes: [city]
measure: {ratio: {of: {sum: {of: read, value: $wh}}, over: {count: read}}}
beside:
  bad:
    name: {de: a, en: a}
    unit: "%"
    ratio: {of: {count: read, where: {eq: [$ok, false]}}, over: {count: read}, times: 100}
"""
    )
    assert plan.width == 3


def correct(evaluator: Evaluator, events: Iterable[Event]) -> Deltas:
    found = evaluator.effect(rows(evaluator, *events))
    total = Deltas(evaluator.plans[0].width)
    for cell, arrivals in found.cells.items():
        evaluator.merge(cell, None, arrivals, lambda _: {}, total)
    return total


@pytest.mark.parametrize("reverse", [False, True])
def test_corrections_count_the_highest_version_in_any_order(reverse: bool) -> None:
    evaluator, plan = engine(
        """
unit: W.h
scopes: [city]
dimensions: {kind: {read: $kind}}
measure: {sum: {of: read, value: $wh, where: {eq: [$ok, true]}}}
beside: {half: {name: {de: a, en: a}, unit: "1", quantile: {of: read, value: $level, at: [0.5]}}}
""",
        CORRECTABLE,
    )
    events = [
        reading(1, subject="a", wh=5, kind="gas", level=1),
        reading(2, subject="a", wh=7, kind="water", level=2, version=2),
        reading(3, subject="b", wh=100, kind="gas"),
        reading(4, subject="b", wh=100, kind="gas", version=3, gone=True),
        reading(5, subject="c", wh=50, kind="gas", ok=False),
    ]
    total = correct(evaluator, events[::-1] if reverse else events).settled()
    assert not plan.fills
    kept = {place.dims: vector[FIRST_SLOT:] for place, vector in total.vectors.items() if any(vector[:3])}
    assert kept == {("water",): [7]}
    assert {(key.place.dims, key.bin): count for key, count in total.bins.items()} == {(("water",), bin_of(200)): 1}


def test_events_that_fail_are_named_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator, _ = engine("unit: W.h\nscopes: [city]\nmeasure: {sum: {of: read, value: $wh}}\n")
    events = rows(evaluator, *(reading(number) for number in range(9)))
    bad = {events[2].digest, events[7].digest}
    real = Evaluator._effect

    def effect(self: Evaluator, group: list[Row]) -> Effect:
        if any(row.digest in bad for row in group):
            raise OverflowError("too much")
        return real(self, group)

    monkeypatch.setattr(Evaluator, "_effect", effect)
    with pytest.raises(Poisoned) as found:
        evaluator.effect(events)
    assert found.value.errors.keys() == bad
    assert all(isinstance(error, OverflowError) for error in found.value.errors.values())


def application(verb: str, at: datetime) -> Event:
    return make_event(
        type_=f"de.duisburg.city.application.{verb}.v1",
        source="//test/city",
        natural_key=(verb,),
        version="1",
        subject="c1",
        time=at,
        recorded_at=at,
        data={"case_id": "c1", "service": "wohngeld", "channel": "online"},
        synthetic=True,
    )


def test_clocks_of_buckets_do_not_depend_on_batches() -> None:
    """Types are observed one after another, and yet what came first changes its bucket first."""
    catalogue = load_catalogue()
    evaluator = Evaluator([plan_of(catalogue["E07"])], catalogue.contracts)
    (topic,) = evaluator.topics
    sent = [application("submitted", NOON), application("decided", NOON + timedelta(days=1))]
    log = [Record(n, n * 1000 + int(one.time.timestamp()) * 1000, codec.encode(one)) for n, one in enumerate(sent)]
    read, refused = evaluator.reader(topic).read(log, 0)
    assert not refused

    def total(*batches: list[Row]) -> Deltas:
        found, states = Deltas(evaluator.plans[0].width), dict[CellId, bytes]()
        for batch in batches:
            for cell, arrivals in evaluator.effect(batch).cells.items():
                states |= evaluator.merge(cell, states.get(cell), arrivals, lambda _: {}, found)
        return found

    assert total(read).vectors == total(*([row] for row in read)).vectors
