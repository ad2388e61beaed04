"""Definitions compiled to loops: what events add, in which scope and dimensions, and who pays for one that fails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cityhub.kpi.kernel.bucket import FIRST_SLOT
from cityhub.kpi.kernel.effect import Effect, Evaluator, Poisoned
from cityhub.kpi.kernel.histogram import bin_of
from cityhub.kpi.kernel.record import Row
from tests.unit.kpi.readings import engine, reading, rows, slots
from tests.unit.kpi.samples import NOON


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
