"""Car parks: a table and what it says of them, told together; three forms that say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.city.parking_sites.mapping import Cursor
from cityhub.adapters.city.parking_sites.source import CITY_PARKING_SITES
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats import json_items
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.register import Register
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event
from tests.unit.adapters.city.guidance import HEADING, NOW, Reader, csv, line, record, status, three, two
from tests.unit.adapters.conformance.spoiling import spoilers

MARKET = {
    "site": "P1",
    "name": "Am Markt",
    "lat": 51.432156,
    "lon": 6.7702,
    "capacity": 560,
    "free": 412,
    "occupied": 148,
    "state": "open",
}
_DAY = timedelta(days=1)


def event(fact: Fact) -> Event:
    register = Register(httpx.AsyncClient(), "", lambda: NOW)
    made = Stamp(CITY_PARKING_SITES, load_contracts(), register, synthetic=False).event(fact, NOW)
    assert isinstance(made, Event)
    return made


@pytest.mark.parametrize("form", [two, three])
def test_a_status_is_told_with_what_the_table_says(form: Callable[..., bytes]) -> None:
    """The place is the car park's, not its entrance's; the time is the counter's, not the publication's."""
    reader = Reader()
    assert reader.read(form("Table", record(), at="2026-11-20T00:00:00Z")) == []
    (fact,) = reader.read(form("Status", status(at="2026-11-20T12:01:30.176+01:00")))
    assert (fact.subject, fact.time) == ("P1", datetime(2026, 11, 20, 11, 1, 30, 176_000, UTC))
    assert event(fact).data == MARKET
    assert reader.last.as_of == datetime(2026, 11, 20, 11, 5, tzinfo=UTC)


def test_a_municipal_table_says_both_at_once() -> None:
    reader = Reader()
    (fact,) = reader.read(csv(line(), line("P2", free="", at="", state="")))
    assert event(fact).data == {name: value for name, value in MARKET.items() if name != "occupied"}
    assert fact.time == datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
    assert (reader.last.cursor, reader.last.more) == (None, False)
    assert reader.last.noted == Counter(without_status=1)


def test_a_car_park_is_listed_when_the_table_knows_it_anew_or_otherwise() -> None:
    """Tables are written anew each night, with new times that mean nothing."""
    reader = Reader()
    (fact,) = reader.listed(two("Table", record()))
    assert event(fact).data == {name: MARKET[name] for name in ("site", "name", "lat", "lon", "capacity")}
    assert fact.time == datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert reader.listed(two("Table", record(since="2026-11-02T06:00:00Z"))) == []
    (changed,) = reader.listed(two("Table", record(spaces="561", since="2026-11-03T06:00:00Z")))
    (again,) = reader.listed(two("Table", record(since="2026-11-04T06:00:00Z")))
    assert [one.data["capacity"] for one in (changed, again)] == [561, 560]
    assert len({event(one).id for one in (fact, changed, again)}) == 3


def test_a_table_without_times_is_as_young_as_its_youngest_status() -> None:
    reader = Reader()
    old = line("P2", at="2026-11-20-11.00.00")
    without = line("P3", free="", at="", state="")
    listed = reader.listed(csv(old, line(), without))
    assert [fact.subject for fact in listed] == ["P2", "P1", "P3"]
    assert {fact.time for fact in listed} == {datetime(2026, 11, 20, 11, 5, tzinfo=UTC)}
    assert reader.last.noted == Counter(without_status=1)
    assert reader.listed(csv(line("P4"), line("P4"), without)) != []
    assert reader.last.noted == Counter(without_status=1, repeated=1)
    undated = Reader()
    assert undated.all(csv(without), NOW) == []
    assert undated.last.noted == Counter(without_status=1, undated=1)


@pytest.mark.parametrize("body", [two("Table", record()), two("Status", status())])
def test_each_fact_names_what_is_forgotten_when_the_door_refuses_it(body: bytes) -> None:
    reader = Reader()
    (fact,) = reader.all(body, NOW)
    del reader.memory[fact.mark]
    later = body.replace(b"12:05:00+01:00</publicationTime>", b"12:06:00+01:00</publicationTime>")
    assert [one.version for one in reader.all(later, NOW)] == [fact.version]
    assert reader.all(later.replace(b"12:06:00+01:00</pub", b"12:07:00+01:00</pub"), NOW) == []


def test_what_nobody_knows_is_missing_and_never_nought() -> None:
    (fact,) = Reader().read(two("Status", status("P9", counted=[], state="closed")))
    assert event(fact).data == {"site": "P9", "state": "closed"}
    nothing = Reader()
    assert nothing.read(two("Status", status(counted=[], state=""))) == []
    assert nothing.last.noted == Counter(nothing_said=1)


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("open", "open"),
        ("closed", "closed"),
        ("closedAbnormal", "closed"),
        ("openingTimesInForce", None),
        ("", None),
    ],
)
def test_open_or_closed(written: str, state: str | None) -> None:
    reader = Reader()
    (fact,) = reader.read(two("Status", status(state=written)))
    assert fact.data.get("state") == state
    assert reader.last.noted["unknown_state"] == (written == "openingTimesInForce")


def test_spaces_offered_at_present_are_more_true_than_the_table() -> None:
    reader = Reader()
    reader.read(two("Table", record()))
    said = [("SpacesOverride", 319), ("VacantSpaces", 42)]
    (fact,) = reader.read(two("Status", status(counted=said)))
    assert (fact.data["capacity"], fact.data["free"]) == (319, 42)


def test_only_what_is_younger_or_says_something_else_is_told() -> None:
    reader = Reader()
    early, late = "2026-11-20T12:00:00+01:00", "2026-11-20T12:03:00+01:00"

    def told(at: str, *records: str) -> int:
        return len(reader.read(two("Status", *records, at=f"2026-11-20T{at}:00+01:00")))

    assert told("12:01", status(at=early)) == 1
    assert told("12:02", status(at=early), status(at=early)) == 0
    assert told("12:03", status(at=early, state="closed")) == 1
    assert told("12:04", status(at=late)) == 1
    assert told("12:05", status(at=early)) == 0
    assert reader.last.noted == Counter(outdated=1)


def test_a_publication_is_read_once_and_an_older_one_never() -> None:
    reader = Reader()
    reader.read(two("Status", status()))
    again = two("Status", status(state="closed"))
    assert reader.read(again) == []
    assert reader.last.noted == Counter()
    assert reader.read(two("Status", status(state="closed"), at="2026-11-20T12:00:00+01:00")) == []
    assert reader.last.noted == Counter(older_publication=1)


def test_the_table_is_asked_for_once_a_day_and_history_is_walked() -> None:
    reader = Reader()

    def next_question(body: bytes, now: datetime = NOW) -> tuple[bool, str, bool]:
        reader.read(body, now)
        at = msgspec.json.decode(reader.last.cursor or "", type=Cursor)
        return at.table, at.stand, reader.last.more

    assert next_question(two("Table", record())) == (False, "", True)
    old, new = "2026-11-20T09:00:00+00:00", "2026-11-20T11:05:00+00:00"
    assert next_question(two("Status", status(at=old), at=old)) == (False, old, True)
    assert next_question(two("Status", status(at=new), at=new)) == (False, new, False)
    assert next_question(two("Status", status(at=new), at=new)) == (False, new, False)
    tomorrow = NOW + _DAY
    assert next_question(two("Status", status(at=new), at=new), tomorrow) == (True, new, True)
    assert next_question(two("Table", record()), tomorrow) == (False, "", True)
    assert next_question(two("Status", status(at=old), at=old), tomorrow) == (False, new, True)
    assert next_question(two("Status", status(at=new), at=new), tomorrow) == (False, new, False)


def test_who_left_the_table_is_forgotten_unless_somebody_was_refused() -> None:
    reader = Reader()
    reader.read(two("Table", record(), record("P2")))
    reader.read(two("Table", record(), record("P3", spaces="many")))
    assert reader.read(two("Status", status("P2")))[0].data["name"] == "Am Markt"
    reader.read(two("Table", record()))
    later = "2026-11-20T12:06:00+01:00"
    assert "name" not in reader.read(two("Status", status("P2", at=later), at=later))[0].data


def test_what_is_no_car_park_or_not_real_is_counted() -> None:
    reader = Reader()
    others = [record(kind="GroupOfParkingSites"), record("P2")]
    reader.read(two("Table", *others))
    assert reader.last.noted == Counter(not_a_car_park=1)
    assert reader.read(two("Status", status(kind="GroupOfParkingSitesStatus"))) == []
    assert reader.last.noted == Counter(not_a_car_park=1)
    later = "2026-11-20T12:06:00+01:00"
    assert reader.read(two("Status", status(), real="test", at=later)) == []
    assert reader.last.noted == Counter(not_real=1)


@pytest.mark.parametrize(
    ("bad", "reason", "path", "detail"),
    [
        (status(at="2026-11-20T12:05:00"), "schema", "[0].at", "Expected `datetime` with a timezone"),
        (status(at=""), "schema", "[0]", "missing required field `at`"),
        (status(""), "schema", "[0].id", "length >= 1"),
        (status(counted=[("VacantSpaces", "12,5")]), "schema", "[0].free", "got `str`"),
        (status(counted=[("VacantSpaces", -1)]), "schema", "[0].free", ">= 0"),
        (
            status(counted=[("SpacesOverride", 10), ("VacantSpaces", 11)]),
            "value",
            "[0]",
            "11 free spaces of 10; there cannot be more than there are",
        ),
    ],
)
def test_a_bad_status_is_refused_by_name_and_costs_no_other(bad: str, reason: str, path: str, detail: str) -> None:
    reader = Reader()
    assert [fact.subject for fact in reader.read(two("Status", bad, status("P2")))] == ["P2"]
    (reject,) = reader.last.rejects
    assert (reject.reason, reject.path) == (reason, f"parkingRecordStatus{path}")
    assert detail in reject.detail


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (line(where="POINT (51,4 6,7)"), "WKT: 'POINT (51,4 6,7)' is no point; write POINT (6.76 51.43)"),
        (line(at="20.11.2026 12:05"), "b_pls_zeit: '20.11.2026 12:05' must be 2026-12-31-23.59.00, local"),
        (line(at="2026-13-20-12.05.00"), "month must be in 1..12"),
        (line(at="2026-10-25-02.30.00"), "this hour came twice"),
        (line(at=""), "must be 2026-12-31-23.59.00"),
        (line(free="viele"), "got `str`"),
        (line(""), "missing required field `id`"),
        (line() + ";", "more or fewer cells than headings"),
        ("", "more or fewer cells than headings"),
    ],
)
def test_a_bad_line_is_refused_by_name_and_costs_no_other(bad: str, detail: str) -> None:
    reader = Reader()
    assert [fact.subject for fact in reader.read(csv(bad, line("P2")))] == ["P2"]
    (reject,) = reader.last.rejects
    assert (reject.reason, reject.path.partition(",")[0]) == ("schema", "line 2")
    assert detail in reject.detail


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<d2LogicalModel/>", "publicationTime is None"),
        (two("Table").replace(b"parkingTablePublication", b"x"), "is not a ParkingTablePublication or"),
        (b"gid;bez\n1;2\n", "no, or two columns WKT"),
        (HEADING.encode() + b';gid\n1"', "no, or two columns gid"),
        (csv('"'), "unexpected end of data"),
        (b"\xff" + csv(line()), "CSV in UTF-8"),
        (b"", "no, or two columns WKT"),
    ],
)
def test_what_is_neither_cannot_be_used(body: bytes, message: str) -> None:
    with pytest.raises(FeedFault, match=message):
        Reader().read(body)


def test_too_many_cells_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.adapters.city.parking_sites.table.MAX_VALUES", 3)
    with pytest.raises(FeedFault, match="more than 3 cells"):
        Reader().read(csv(line()))
    assert json_items.MAX_VALUES > 3


FORMS: dict[str, bytes] = {
    "DATEX II 2.3": two("Status", *(status(f"P{number}") for number in range(20))),
    "DATEX II 3": three("Status", *(status(f"P{number}") for number in range(20))),
    "CSV": csv(*(line(f"P{number}") for number in range(20))),
    "table": three("Table", *(record(f"P{number}") for number in range(20))),
}


@pytest.mark.parametrize("form", FORMS)
def test_spoilt_answers_are_faults_or_rejects_and_never_more(form: str) -> None:
    """As the conformance suite spoils the table, which is what it asks for first."""
    outcomes: Counter[str] = Counter()
    for spoil in spoilers():
        reader = Reader()
        try:
            facts: list[Any] = reader.all(spoil(FORMS[form]), NOW)
        except FeedFault as fault:
            outcomes[fault.reason] += 1
        else:
            outcomes["rejects" if reader.last.rejects else "read"] += 1
            assert len(facts) <= 40
    assert outcomes["read"] < 40, outcomes
    assert outcomes.total() == len(spoilers())
