"""What an event would change is what it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger.preview import Change, Previews
from cityhub.kpi.store.database import Database
from cityhub.sdk.client.typed import TypedEvents
from cityhub.sdk.errors import RejectedEvent
from tests.unit.kpi.samples import NOON, departure

NOW = NOON + timedelta(hours=1)
FLATS = TypedEvents("de.duisburg.gebag.flat.status-changed.v1", source="//test/gebag", wall=lambda: NOW)


@pytest.fixture
def previews(tmp_path: Path) -> Previews:
    Database(tmp_path / "store.db").close()
    return Previews(tmp_path / "store.db", load_catalogue())


def test_an_event_that_is_counted_by_itself(previews: Previews) -> None:
    found = previews.preview(departure(1, 0), None, NOW)
    hour = Change("M01", "hour", NOON, NOON + timedelta(hours=1), "city", (("line", "901"),))
    assert hour in found
    assert {(one.kpi, one.window) for one in found} == {("M01", "hour"), ("M01", "day")}
    assert {one.scope for one in found} == {"city"}


def test_a_correction_names_the_windows_that_it_leaves_and_enters(previews: Previews) -> None:
    first = FLATS.event(subject="f", time=NOON, version=1, flat_id="f", modernised=True, area_m2=70.25)
    assert months(previews.preview(first, None, NOW)) == {11}
    assert previews.preview(FLATS.correct(first, area_m2=65.5), first, NOW)  # the event itself is another one
    moved = FLATS.correct(first, time=NOON - timedelta(days=30))
    assert months(previews.preview(moved, first, NOW)) == {10, 11}
    assert months(previews.preview(FLATS.retract(moved), moved, NOW)) == {10}


def test_a_correction_that_is_no_newer_changes_nothing(previews: Previews) -> None:
    first = FLATS.event(subject="f", time=NOON, version=1, flat_id="f", modernised=True, area_m2=70.25)
    assert previews.preview(first, FLATS.correct(first, modernised=False), NOW) == []


def test_what_the_engine_would_refuse_is_said(previews: Previews) -> None:
    with pytest.raises(RejectedEvent, match="older than the 72 h"):
        previews.preview(departure(1, 0, at=NOON - timedelta(days=9)), None, NOW)


def months(found: list[Change]) -> set[int]:
    """In which months W01 changes; of year-to-date the day counts, whose window begins in January."""
    return {datetime.astimezone(one.end - timedelta(hours=3), UTC).month for one in found if one.window == "month"}
