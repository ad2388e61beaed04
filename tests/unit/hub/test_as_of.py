"""A late event and a correction change the windows they touch only; the old number and the new one are both told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cityhub.kpi.kernel.effect import REFERENCE_TOPIC
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import instant
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk import codec
from tests.unit.hub.commands import code_and_words
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.proof.looks import CATALOGUE, FLAT, Log, flat, stock
from tests.unit.kpi.proof.week import Arrived

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, 9, tzinfo=UTC) for month in (1, 2, 3))
FINAL, LATE, CORRECTED = (datetime(2026, 4, day, 9, tzinfo=UTC) for day in (10, 12, 14))
"""When all three months are over, when a flat of March comes, when one of February turns out to be none."""
LOOKED = FINAL + timedelta(minutes=5)


class Hub(Log):
    """A data directory: what arrives is counted and archived, then published."""

    def __init__(self, data: Path) -> None:
        super().__init__(data / "archive")
        self.engine = Engine(data / "store.db", CATALOGUE)
        self.engine.know([CATALOGUE.contracts[FLAT].topic, REFERENCE_TOPIC])
        self._next = {FLAT: 0}

    def arrives(self, at: datetime, *events: Any) -> None:
        super().arrives(at, *events)
        for event in events:
            offset = self._next.get(event.type, 0)
            self._next[event.type] = offset + 1
            record = Arrived(offset, int(at.timestamp() * 1000), codec.encode(event))
            self.engine.apply(CATALOGUE.contracts[event.type].topic, [record])
        self.engine.publish(int(at.timestamp() * 1000))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("city")
    hub = Hub(data)
    hub.arrives(JANUARY, stock(1000, JANUARY - timedelta(days=300)))
    for name, month, count in (("J", JANUARY, 5), ("F", FEBRUARY, 20), ("M", MARCH, 24)):
        hub.arrives(month + timedelta(days=1), *(flat(f"{name}{number}", 1, month) for number in range(count)))
    hub.arrives(FINAL, flat("A", 1, FINAL))
    hub.arrives(LATE, flat("late", 1, MARCH))
    hub.arrives(CORRECTED, flat("F0", 2, FEBRUARY, modernised=False))
    hub.engine.database.close()
    return data


def looks(data: Path, kind: WindowKind, at: datetime) -> tuple[KpiValue, KpiValue]:
    """A window as it was looked at when all was final, and as it is now."""
    reader = SqlReader(data / "store.db", CATALOGUE)
    anchor = instant(window_at(kind, int(at.timestamp())).anchor)
    then = reader.as_of("W01", kind, LOOKED, anchor=anchor)
    (now,) = reader.series("W01", kind, anchor, anchor + timedelta(seconds=1))
    reader.close()
    assert then is not None
    return then, now


def told(value: KpiValue) -> tuple[object, ...]:
    return (value.value, value.n, value.label, value.reasons)


@pytest.mark.parametrize(
    ("month", "before", "after"),
    [
        (JANUARY, (0.5, 5, "final", ()), (0.5, 5, "final", ())),
        (FEBRUARY, (2.0, 20, "final", ()), (1.9, 19, "corrected", ("correction",))),
        (MARCH, (2.4, 24, "final", ()), (2.5, 25, "corrected", ("late",))),
    ],
)
def test_only_what_was_touched_changes(city: Path, month: datetime, before: object, after: object) -> None:
    then, now = looks(city, WindowKind.MONTH, month)
    assert (told(then), told(now)) == (before, after)
    assert (then.digest == now.digest) == (before == after)


def test_running_totals_change_from_there_on(city: Path) -> None:
    changed = {day: [told(one)[0] for one in looks(city, WindowKind.YEAR_TO_DATE, day)] for day in (JANUARY, MARCH)}
    assert changed == {JANUARY: [0.5, 0.5], MARCH: [4.9, 4.9]}
    assert [told(one)[0] for one in looks(city, WindowKind.YEAR_TO_DATE, FINAL)] == [5.0, 5.0]
    then, now = looks(city, WindowKind.YEAR_TO_DATE, MARCH)
    assert (told(then)[2:], told(now)[2:]) == (("final", ()), ("corrected", ("correction", "late")))


@pytest.mark.parametrize(
    ("month", "cause", "before", "after"), [(MARCH, "late", 2.4, 2.5), (FEBRUARY, "correction", 2.0, 1.9)]
)
def test_the_cause_is_named(city: Path, month: datetime, cause: str, before: float, after: float) -> None:
    seen = ("--known", LOOKED.isoformat(), "--then-known", CORRECTED.isoformat(), "--archive", str(city / "archive"))
    options = ("kpi", "changes", "W01", "--window", "month", "--at", month.isoformat(), "--json")
    code, words = code_and_words(*options, *seen)
    assert code == 0, words
    found = json.loads(words)
    assert (float(found["before"]), float(found["after"])) == (before, after)
    amounts = {part["cause"]: float(part["amount"]) for part in found["parts"] if float(part["amount"])}
    assert amounts == {cause: pytest.approx(after - before)}


def test_the_command_line_tells_both(city: Path) -> None:
    then = ("--as-of", "2026-04-10T11:05")
    code, words = code_and_words("kpi", "value", "W01", "--window", "month", *then, "--data", str(city))
    first, second = words.splitlines()
    assert code == 0
    assert first.startswith("as of 2026-04-10 11:05: W01 month 2026-02-28 23:00 to 2026-03-31 22:00 UTC: 2.4 % (")
    assert first.endswith("24 events counted; final)")
    assert ": 2.5 % (" in second
    assert second.endswith("25 events counted; corrected, late, revision 3)")
