"""Worked examples of joins, by hand: cell and oracle must both give what is written here."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from cityhub.kpi.kernel.cells import JoinCell
from cityhub.kpi.kernel.windows import Grain
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import DAY_MS, HOUR_MS, NOTHING, Sample, binned, event, ms, named, sums, total

JOIN: dict[str, Any] = {"closed": 0, "unmatched": 1, "open_slot": 2, "open_since_s": 3, "histogram": 0}


def joined(events: Sequence[oracle.Event]) -> Any:
    kind = JoinCell(width=4, grain=Grain.DAY, **JOIN)
    return sums(kind, ("closed", "unmatched", "open", "open_since_s"), events, oracle.join(events, Grain.DAY))


def first(t: str, digest: int, **more: Any) -> oracle.Event:
    return event(t, digest, role="first", **{"synthetic": False, **more})


def then(t: str, digest: int, **more: Any) -> oracle.Event:
    return event(t, digest, role="then", **{"synthetic": False, **more})


OPENED, DECIDED, REOPENED = (ms(f"2026-11-0{day} 00:00") for day in (1, 5, 8))


CASE = [
    first("2026-11-01 09:00", 1),
    first("2026-11-02 09:00", 2),
    then("2026-11-05 09:00", 4),
    then("2026-11-06 09:00", 8),
    first("2026-11-08 09:00", 16),
]


def test_a_case_is_opened_decided_and_opened_again() -> None:
    since = (OPENED + 9 * HOUR_MS) // 1000
    assert joined(CASE) == {
        OPENED: {"n": 1, "digest": 1, "open": 1, "open_since_s": since},
        DECIDED: {"n": 1, "digest": 5, "closed": 1, "open": -1, "open_since_s": -since},
        DECIDED + DAY_MS: {"n": 1, "digest": 8, "unmatched": 1},
        REOPENED: {"n": 1, "digest": 16, "open": 1, "open_since_s": (REOPENED + 9 * HOUR_MS) // 1000},
    }
    meaning = oracle.join(CASE, Grain.DAY)
    assert [oracle.quantile(values, Fraction(1, 2)) for values in meaning.values.values()] == [4 * DAY_MS]


def test_a_decision_that_came_before_its_application_closes_it_after_all() -> None:
    decided = then("2026-11-05 09:00", 4)
    assert joined([decided])[DECIDED] == {"n": 1, "digest": 4, "unmatched": 1}
    assert "unmatched" not in joined([decided, first("2026-11-01 09:00", 1)])[DECIDED]


def test_both_halves_in_the_same_instant_close_a_case_of_no_length() -> None:
    meaning = [then("2026-11-05 09:00", 1), first("2026-11-05 09:00", 9)]
    assert joined(meaning)[DECIDED] == {"n": 2, "digest": 10, "closed": 1}


def test_a_case_counts_in_the_scope_of_its_beginning() -> None:
    events = [first("2026-11-01 09:00", 1, scope="STB01", dims=("parking",)), then("2026-11-05 09:00", 4, dims=("",))]
    assert {place[2:] for place in joined(events)} == {("STB01", ("parking",))}


@pytest.mark.parametrize(("cohort", "day"), [("first", OPENED), ("then", DECIDED)])
def test_a_closed_case_counts_in_its_cohort(cohort: Any, day: int) -> None:
    kind = JoinCell(width=5, grain=Grain.DAY, **JOIN, cohort=cohort, holds=lambda ms: ms <= 4 * DAY_MS, holds_slot=4)
    slots = ("closed", "unmatched", "open", "open_since_s", "holds")
    meaning = oracle.join(CASE, Grain.DAY, cohort=cohort, holds=lambda ms: ms <= 4 * DAY_MS)
    found = sums(kind, slots, CASE, meaning)
    assert {start for start, amounts in found.items() if "closed" in amounts} == {day}
    assert found[day]["holds"] == 1
    assert found[day]["digest"] == 5
    bins = total(Sample(kind, slots, NOTHING, NOTHING), CASE).bins
    assert bins == binned(meaning)
    assert {key.place.start * 1000 for key in bins} == {day}


def test_a_cohort_is_all_cases_that_were_opened_in_its_year() -> None:
    """Three use cases were piloted in 2025, two of them rolled out, one only in 2026; the fourth is of 2026."""
    years = {year: (ms(f"{year}-01-01 00:00"), ms(f"{year + 1}-01-01 00:00")) for year in (2025, 2026)}
    pilots = [first(t, d, entity=e) for e, t, d in (("a", "2025-02-01 09:00", 1), ("b", "2025-03-01 09:00", 2))]
    pilots += [first("2025-12-31 23:30", 4, entity="c"), first("2026-01-01 00:30", 8, entity="d")]
    again = first("2025-06-01 09:00", 16, entity="b")
    rolled_out = [then("2025-09-01 09:00", 32, entity="a"), then("2026-04-01 09:00", 64, entity="c")]
    events = [*pilots, again, *rolled_out]
    kind = JoinCell(width=3, grain=Grain.DAY, closed=0, unmatched=1, opened=2, cohort="first")
    meaning = oracle.join(events, Grain.DAY, cohort="first", opened=True)
    found = named(
        total(Sample(kind, ("closed", "unmatched", "opened"), NOTHING, NOTHING), events),
        ("closed", "unmatched", "opened"),
    )
    share = {}
    for year, (start, end) in years.items():
        mine = [amounts for (_, at, _, _), amounts in found.items() if start <= at * 1000 < end]
        share[year] = tuple(sum(amounts.get(name, 0) for amounts in mine) for name in ("closed", "opened"))
        assert share[year] == tuple(meaning.total(name, start // 1000, end // 1000) for name in ("closed", "opened"))
    assert share == {2025: (2, 3), 2026: (0, 1)}
    assert oracle.quotient(*share[2025], 100) == 66.6667
