"""What events add through cells: corrections, and arrivals that do not depend on batches or the order of cells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.bucket import FIRST_MS, FIRST_SLOT, LAST_MS, Deltas
from cityhub.kpi.kernel.effect import CellId, Evaluator
from cityhub.kpi.kernel.histogram import bin_of
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.record import Row
from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.readings import CORRECTABLE, engine, reading, rows
from tests.unit.kpi.samples import NOON, Record


def correct(evaluator: Evaluator, events: Iterable[Event]) -> Deltas:
    found = evaluator.effect(rows(evaluator, *events))
    total = Deltas(evaluator.plans[0].width)
    for cell, arrivals in found.cells.items():
        evaluator.merge(cell, None, arrivals, total, read=lambda _: {})
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


def test_higher_versions_and_retractions_are_told_from_first_versions() -> None:
    """In both buckets: the one that the old version leaves, and the one that the new one enters."""
    evaluator, _ = engine("unit: W.h\nscopes: [city]\nmeasure: {sum: {of: read, value: $wh}}\n", CORRECTABLE)
    later = NOON + timedelta(hours=1)
    total = correct(
        evaluator,
        [
            reading(1, subject="a", version=2),
            reading(2, subject="a", version=1, at=later),  # lower: changes nothing
            reading(3, subject="a", version=3, at=later),
            reading(4, subject="b", version=7),
            reading(5, subject="b", version=8, gone=True),
            reading(6, subject="b", version=9),
            reading(7, subject="c", version=1, gone=True),  # a first version takes nothing back
        ],
    )
    start, arrived = int(NOON.timestamp()), int((NOON + timedelta(hours=30)).timestamp() * 1000)
    plain = {place.start - start: (v[FIRST_MS] - arrived, v[LAST_MS] - arrived) for place, v in total.vectors.items()}
    assert plain == {0: (0, 3), 3600: (2, -arrived)}
    revised = {
        (place.start - start, reason): (first - arrived, last - arrived)
        for (place, reason), (first, last) in total.revised.items()
    }
    assert revised == {
        (0, Reason.CORRECTION): (2, 5),
        (0, Reason.RETRACTION): (4, 4),
        (3600, Reason.CORRECTION): (2, 2),
    }


@pytest.mark.parametrize("backwards", [False, True])
def test_the_first_and_the_last_arrival_do_not_depend_on_the_order_of_cells(backwards: bool) -> None:
    evaluator, plan = engine("unit: W.h\nscopes: [city]\nmeasure: {sum: {of: read, value: $wh}}\n", CORRECTABLE)
    found = evaluator.effect(rows(evaluator, *(reading(number, subject=f"m{number}") for number in range(5))))
    total = Deltas(plan.width)
    for cell in sorted(found.cells, reverse=backwards):
        evaluator.merge(cell, None, found.cells[cell], total, read=lambda _: {})
    ((_, vector),) = total.vectors.items()
    assert vector[LAST_MS] - vector[FIRST_MS] == 4


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
                states |= evaluator.merge(cell, states.get(cell), arrivals, found, read=lambda _: {})
        return found

    assert total(read).vectors == total(*([row] for row in read)).vectors
