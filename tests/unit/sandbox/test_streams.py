"""The simulated streams: contracts are kept, the same story every time and however it is asked, nothing left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import chain, pairwise
from random import Random

import pytest

from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.sandbox.city.streams import STREAMS, Stream, events_between
from cityhub.sandbox.city.streams.closures import closure, passes
from cityhub.sandbox.city.streams.story import DAY, at, local_day
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sdk import codec
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event
from tests.unit.sandbox.conftest import NOW, SEED

CONTRACTS = load_contracts()
FROM_ADAPTERS = set(DVV_TRANSIT.event_types)
by_name = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


def told(stream: Stream, start: datetime, end: datetime, seed: int = SEED) -> list[Event]:
    return events_between(seed, stream, start, end, CONTRACTS)


def piece(stream: Stream) -> datetime:
    """Begin of as much of a stream's history as holds all it ever does."""
    return NOW - min(stream.backfill, timedelta(days=100))


def due(event: Event) -> datetime:
    return event.recordedtime - timedelta(seconds=2)


@by_name
def test_events_keep_their_contracts_and_are_marked(stream: Stream, backfill: Mapping[str, list[Event]]) -> None:
    events = backfill[stream.name]
    assert events
    assert list(chain.from_iterable(violations(CONTRACTS[event.type], event.data) for event in events)) == []
    assert all(event.synthetic and NOW - stream.backfill <= due(event) < NOW for event in events)
    assert all(event.time <= due(event) for event in events)
    assert [due(event) for event in events] == sorted(due(event) for event in events)
    assert len({event.id for event in events}) == len(events)
    assert len({CONTRACTS[event.type].topic for event in events}) == 1
    oldest = stream.backfill + max(due(event) - event.time for event in events)
    assert oldest.total_seconds() < min(CONTRACTS[event.type].horizon_s for event in events)


@by_name
def test_the_story_does_not_depend_on_how_it_is_asked(stream: Stream, backfill: Mapping[str, list[Event]]) -> None:
    start, rng = piece(stream), Random(stream.name)  # noqa: S311
    whole = [event for event in backfill[stream.name] if due(event) >= start]
    span_s = int((NOW - start).total_seconds())
    inner = [start + timedelta(seconds=rng.randrange(span_s)) for _ in range(4)]
    if whole:  # cut exactly at an event, too: it belongs to the later part
        inner.append(due(rng.choice(whole)))
    cuts = sorted([start, *inner, NOW])
    parts = list(chain.from_iterable(told(stream, one, two) for one, two in pairwise(cuts)))
    encoded = [codec.encode(event) for event in whole]
    assert [codec.encode(event) for event in parts] == encoded


@by_name
def test_what_is_made_up_of_a_day_is_told_on_it(stream: Stream) -> None:
    """Or in the first hours after it: nobody looks further back."""
    days = [date(2025, 10, 26), date(2025, 11, 12), date(2026, 1, 1), date(2026, 1, 2), date(2026, 3, 29)]
    for day in [*days, *(local_day(NOW) - timedelta(days=back) for back in range(8))]:
        for one in stream.of_day(1, day):
            assert at(day, 0) <= one.due < at(day + timedelta(days=1), 6 * 3600)


def test_ids_are_never_used_again_for_other_content(backfill: Mapping[str, list[Event]]) -> None:
    """An application's submission is the same whether it is told on its own day or looked up by its decision."""
    contents: dict[str, str] = {}
    for event in chain.from_iterable(backfill.values()):
        assert contents.setdefault(event.id, event.contenthash) == event.contenthash
    assert contents


@by_name
def test_another_seed_is_another_city(stream: Stream, backfill: Mapping[str, list[Event]]) -> None:
    """From its first events on."""
    if stream.name in {"references", "denominators"}:
        return
    upto = due(backfill[stream.name][:50][-1]) + timedelta(seconds=1)
    first = [event for event in backfill[stream.name] if due(event) < upto]
    assert told(stream, NOW - stream.backfill, upto, seed=SEED + 1) != first


@pytest.fixture(scope="module")
def history(backfill: Mapping[str, list[Event]]) -> dict[str, list[Event]]:
    """The same by type."""
    found: dict[str, list[Event]] = {type_: [] for type_ in CONTRACTS}
    for event in chain.from_iterable(backfill.values()):
        found[event.type].append(event)
    return found


def test_every_type_without_an_adapter_has_a_stream(history: dict[str, list[Event]]) -> None:
    hub = {type_ for type_, contract in CONTRACTS.items() if contract.partner == "hub"}
    assert {type_ for type_, events in history.items() if not events} == FROM_ADAPTERS | hub
    assert sum(map(len, history.values())) < 150_000


def test_optional_fields_are_sometimes_missing(history: dict[str, list[Event]]) -> None:
    always = {("de.duisburg.dvv.lamp.energy-metered.v1", "night")}
    seen: dict[tuple[str, str], set[bool]] = {}
    for type_, events in history.items():
        for name in (name for name, field in CONTRACTS[type_].fields.items() if field.optional and events):
            seen[type_, name] = {event.data.get(name) is not None for event in events}
    assert {field for field, kinds in seen.items() if kinds != {True, False}} == always


def test_correctable_streams_are_corrected(history: dict[str, list[Event]]) -> None:
    """A higher version of the same entity, later; withdrawals where the contract knows them."""
    for type_, contract in CONTRACTS.items():
        if contract.correctable is None:
            continue
        entity = [name.removeprefix("$") for name in contract.correctable.entity]
        versions = Counter(tuple(event.data[name] for name in entity) for event in history[type_])
        assert max(versions.values()) > 1, type_
        if (retracted := contract.correctable.retracted) is not None:
            assert any(event.data.get(retracted.removeprefix("$")) for event in history[type_]), type_


JOINS = (
    ("city.appointment.checked-in", "city.appointment.called", "appointment"),
    ("city.application.submitted", "dvv.ticket.issued", "case_id"),
    ("city.permit.file-completed", "city.permit.issued", "permit"),
    ("dvv.grid.alarm-raised", "dvv.grid.alarm-acknowledged", "alarm"),
    ("dvv.lamp.audio-alert-raised", "city.order.alert-dispatched", "alert"),
    ("gebag.ticket.opened", "gebag.ticket.resolved", "ticket"),
    ("duisport.container.gated-in", "duisport.container.gated-out", "visit"),
    ("duisport.vessel.arrived", "duisport.vessel.departed", "stay"),
    ("startport.startup.pilot-started", "startport.startup.contract-signed", "pilot"),
    ("city.fibre.trench-planned", "city.fibre.trench-built", "section"),
)


@pytest.mark.parametrize(("first", "then", "key"), JOINS, ids=str)
def test_halves_belong_together(first: str, then: str, key: str, history: dict[str, list[Event]]) -> None:
    """Most cases are closed, after they were opened, and some are not."""
    opened = {event.data[key]: event.time for event in history[f"de.duisburg.{first}.v1"]}
    closed = {event.data[key]: event.time for event in history[f"de.duisburg.{then}.v1"]}
    both = opened.keys() & closed.keys()
    assert len(both) > 0.1 * len(closed)
    assert opened.keys() - both
    assert all(opened[case] <= closed[case] for case in both)


def test_something_is_late_and_something_is_missing(history: dict[str, list[Event]]) -> None:
    sensors = ("lamp.environment-observed", "lamp.parking-observed", "charging.status-changed")
    readings = [event for name in sensors for event in history[f"de.duisburg.dvv.{name}.v1"]]
    late = [event for event in readings if due(event) - event.time > timedelta(hours=1)]
    assert 0 < len(late) < 0.1 * len(readings)
    expected = 48 * (24 * 4 + 30 * 4 + 80)
    assert 0.9 * expected < len(readings) < expected


def test_a_population_is_counted_anew_for_the_whole_year() -> None:
    (stream,) = (one for one in STREAMS if one.name == "denominators")
    summer = told(stream, datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))
    (counted,) = (event for event in summer if event.data["name"] == "population")
    assert (counted.data["value"], counted.data["valid_from"]) == (506_400, "2025-12-31T23:00:00Z")


def test_parts_of_a_denominator_are_the_whole(history: dict[str, list[Event]]) -> None:
    set_now = [event for event in history["de.duisburg.city.reference.set.v1"] if local_day(event.time).year == 2026]
    values = {event.data["name"]: event.data["value"] for event in set_now if not event.borough}
    for name in ("customers_supplied", "planned_dwellings", "area_for_sale"):
        assert sum(value for part, value in values.items() if part.startswith(f"{name}.")) == values[name]
    assert values["quarter_measures"] == 28
    assert values["development_area"] == 1_300_000
    by_borough: Counter[str] = Counter()
    for event in set_now:
        if event.borough:
            by_borough[event.data["name"]] += event.data["value"]
    assert {name: values[name] for name in by_borough} == dict(by_borough)


BEFORE = {
    "references": (4, "4c312d168834dffd"),
    "lamps": (2772, "491060c5f7b3fee9"),
    "bins": (34537, "84648cc0145349e6"),
    "appointments": (856, "41e9ecd13b604438"),
    "applications": (616, "e00499d64145de7b"),
    "maturity": (12, "a41322fc3c32dad1"),
    "participation": (184, "d9f81dff8a3091d7"),
    "flats": (14, "05ebf568825f877a"),
    "roadworks-city": (62, "8cee91ecb0dfad3d"),
    "roadworks-wbd": (49, "44fdf5b361dc3d53"),
    "roadworks-dvv": (47, "bf76fce977d307f9"),
}
"""Events and digest of the week around New Year 2026, as hubs that run have them in their logs."""


@pytest.mark.parametrize("name", BEFORE)
def test_a_story_that_was_told_is_not_told_otherwise(name: str) -> None:
    start = datetime(2025, 12, 29, tzinfo=UTC)
    (stream,) = (one for one in STREAMS if one.name == name)
    events = told(stream, start, start + timedelta(days=7), seed=2026)
    assert (len(events), sha256(b"\n".join(map(codec.encode, events))).hexdigest()[:16]) == BEFORE[name]


def _days(first: date, count: int) -> Iterator[datetime]:
    return (datetime(first.year, first.month, first.day + one, tzinfo=LOCAL) for one in range(count))


def test_sensors_speak_on_days_of_23_and_25_hours() -> None:
    (stream,) = (one for one in STREAMS if one.name == "gauge")
    for day, hours in ((date(2025, 10, 26), 25), (date(2026, 3, 29), 23), (date(2026, 3, 28), 24)):
        start, end = (moment.astimezone(UTC) for moment in _days(day, 2))
        times = {event.time for event in told(stream, start, end) if local_day(event.time) == day}
        assert hours * 4 - 20 <= len(times) <= hours * 4


def _roadworks(owner: str, start: datetime, end: datetime) -> list[Event]:
    (stream,) = (one for one in STREAMS if one.name == f"roadworks-{owner}")
    return told(stream, start, end, seed=2026)


def test_each_month_two_owners_dig_in_the_same_street_at_once() -> None:
    start, end = (datetime(2026, month, 1, tzinfo=UTC) for month in (10, 11))
    sites = [
        event.data
        for owner in ("wbd", "dvv")
        for event in _roadworks(owner, start, end)
        if "nachbarn" in event.subject and ".published." in event.type
    ]
    one, other = sites
    assert {one["owner"], other["owner"]} == {"wbd", "dvv"}
    assert max(one["valid_from"], other["valid_from"]) < min(one["valid_to"], other["valid_to"])
    metres = ((one["lat"] - other["lat"]) * 111_256) ** 2 + ((one["lon"] - other["lon"]) * 69_547) ** 2
    assert metres**0.5 == pytest.approx(58, abs=1)


def test_trucks_wait_at_the_port_while_the_bridge_is_closed() -> None:
    friday = date(2026, 11, 6)
    found = closure(2026, friday)
    assert found is not None
    begin, end = found
    assert (begin, end) == (datetime(2026, 11, 6, 20, tzinfo=UTC), datetime(2026, 11, 9, 4, tzinfo=UTC))
    sites = {event.subject: event.data for event in _roadworks("city", begin - timedelta(days=15), end)}
    assert sites[f"city-rheinbruecke-{friday}"]["valid_from"] == "2026-11-06T20:00:00Z"
    minute = timedelta(minutes=1)
    asked = [begin - minute + number * minute for number in range(4 * 24 * 60)]
    away = [passes(2026, moment) for moment in asked]
    assert away == sorted(away)
    assert away[0] == asked[0]
    assert away[1] == end
    assert away[-1] == asked[-1]
    assert not [moment for moment in away if begin <= moment < end]
    (port,) = (one for one in STREAMS if one.name == "containers")
    moves = [event for event in told(port, begin, end, seed=2026) if event.time >= begin]
    assert {event.data["mode"] for event in moves if event.data["classifier"] == "ACT"} == {"rail", "barge", "truck"}
    left = [event for event in moves if ".gated-out." in event.type and event.data["classifier"] == "ACT"]
    assert {event.data["mode"] for event in left} == {"rail"}


@pytest.mark.parametrize("owner", ["city", "wbd", "dvv"])
def test_sites_are_announced_first_and_closed_last(owner: str) -> None:
    end = NOW + timedelta(days=120)
    stories: dict[str, list[Event]] = {}
    for event in _roadworks(owner, NOW, end):
        stories.setdefault(event.subject, []).append(event)
    known = [story for story in stories.values() if ".published." in story[0].type and story[0].time < end - 48 * DAY]
    assert len(known) > 100
    for story in known:
        verbs = [event.type.split(".")[4] for event in story]
        assert verbs[-1] == "closed"
        assert Counter(verbs) - Counter({"changed": 2}) <= Counter(["published", "started", "closed"])
        assert story[-1].time - story[0].time < 48 * DAY
        assert all(event.data["valid_from"] < event.data["valid_to"] for event in story)
        begun = {event.data["status"] for event in story if ".changed." not in event.type} - {"planned", "closed"}
        assert ("started" in verbs) == bool(begun)
