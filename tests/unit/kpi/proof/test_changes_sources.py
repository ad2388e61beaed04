"""What changed: which sources are new, and what is read to know it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cityhub.bus.archive.reader import Archive
from cityhub.kpi.proof.changes import CAUSES, changes
from tests.unit.kpi.proof.looks import CANCELLED, CATALOGUE, MARCH, Log, amounts, day, departures, told


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_source_is_new_where_it_had_told_nothing(log: Log) -> None:
    """A day: by noon 1 of 2 is punctual; then the operator's second system tells of 2 punctual ones: 3 of 4."""
    log.arrives(MARCH - timedelta(days=3), *departures("//dvv/two", "903", MARCH - timedelta(days=3), 0))
    log.arrives(MARCH, *departures("//dvv/one", "901", MARCH, 0, 900))
    log.arrives(MARCH + timedelta(hours=4), *departures("//dvv/two", "901", MARCH + timedelta(hours=4), 0, 0))
    noon, evening = MARCH + timedelta(hours=3), MARCH + timedelta(hours=9)

    whole = amounts(changes(day("M01", noon), day("M01", evening), log.archive))
    line = changes(day("M01", noon, '{"line":"901"}'), day("M01", evening, '{"line":"901"}'), log.archive)

    assert whole == {**dict.fromkeys(CAUSES, 0), "city": 25}  # it told of line 903 three days ago
    assert amounts(line) == {**dict.fromkeys(CAUSES, 0), "source": 25}
    assert [part.cause for part in line.parts if part.events == 2] == ["source"]


def test_a_source_that_told_of_another_kind_is_not_new(log: Log) -> None:
    log.arrives(MARCH, *departures("//dvv/one", "901", MARCH, 0, 900))
    log.arrives(MARCH, told(CANCELLED, "//dvv/two", "901", MARCH, trip="901", line="901"))
    log.arrives(MARCH + timedelta(hours=4), *departures("//dvv/two", "901", MARCH + timedelta(hours=4), 0, 0))
    found = changes(day("M01", MARCH + timedelta(hours=3)), day("M01", MARCH + timedelta(hours=9)), log.archive)

    assert amounts(found) == {**dict.fromkeys(CAUSES, 0), "city": 25}


def test_only_the_windows_days_are_read_unless_a_source_is_new(log: Log) -> None:
    spans: list[object] = []

    class Watching(Archive):
        def frame(self, type_: str, **cut: Any) -> Any:
            spans.append(cut.get("t"))
            return super().frame(type_, **cut)

    log.arrives(MARCH, *departures("//dvv/one", "901", MARCH, 0, 900))
    log.arrives(MARCH + timedelta(hours=4), *departures("//dvv/one", "901", MARCH + timedelta(hours=4), 0, 0))
    noon, evening = day("M01", MARCH + timedelta(hours=3)), day("M01", MARCH + timedelta(hours=9))
    changes(noon, evening, Watching(log.archive.storage, CATALOGUE.contracts))

    assert spans == [(noon.window.start * 1000, noon.window.end * 1000)] * 2
