"""Roadworks on motorways: times and places that stand in texts, and only those of the city."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.register import Register
from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.roadworks.source import CITY_ROADWORKS
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.roadworks.portal import NOW, Reader, brief

ID = "Uk9BRFdPUktTX19tZG0ubndfXzAyLTgwMDAwIEQgNzEgMTkgMDkvS0xCV1JO"


def work(id_: str = ID, **said: Any) -> dict[str, Any]:
    """On the A40, as the API's description has one; nothing for None."""
    whole = {
        "extent": "6.7243,51.4437,6.7300,51.4440",
        "identifier": id_,
        "routeRecommendation": [],
        "coordinate": {"lat": "51.443750", "long": "6.724310"},
        "footer": [],
        "icon": "123",
        "isBlocked": "false",
        "description": [
            "Beginn: 09.11.2026 09:00",
            "Ende: 28.11.2026 17:00",
            "",
            "Einschränkungen:Es steht nur 1 Fahrstreifen zur Verfügung.\n\nVollsperrung vom 17.11.2026 - 18.11.2026.",
        ],
        "title": "A40 | AS Duisburg-Häfen - AK Duisburg",
        "point": "6.724310,51.443750",
        "display_type": "ROADWORKS",
        "future": False,
        "subtitle": "Venlo Richtung Essen",
        "startTimestamp": "2026-11-09T09:00:00.000+0100",
    }
    return {name: value for name, value in (whole | said).items() if value is not None}


def answer(*works: object) -> bytes:
    return msgspec.json.encode({"roadworks": works})


class Motorway(Reader):
    """The city's feed."""

    def read(self, body: bytes, now: datetime = NOW) -> list[Any]:
        self.last = reader(CITY_ROADWORKS)(body, self.memory, now)
        self.memory |= {key: left for key, left in self.last.memory.items() if left is not None}
        return list(self.last.facts)


def test_a_site_in_the_words_of_the_contracts() -> None:
    published, started = (feed := Motorway()).read(answer(work()))
    assert published.type == "de.duisburg.city.roadwork.published.v1"
    assert (published.subject, published.time) == (ID, NOW)
    assert published.data == {
        "owner": "autobahn",
        "mode": "car",
        "lat": 51.44375,
        "lon": 6.72431,
        "status": "active",
        "valid_from": "2026-11-09T08:00:00Z",
        "valid_to": "2026-11-28T16:00:00Z",
    }
    assert started.time == datetime(2026, 11, 9, 8, tzinfo=UTC)
    assert (feed.last.cursor, feed.last.more, feed.last.as_of) == (None, False, NOW)
    stamp = Stamp(CITY_ROADWORKS, load_contracts(), Register(httpx.AsyncClient(), "", lambda: NOW), synthetic=False)
    assert all(isinstance(stamp.event(fact, NOW), Event) for fact in (published, started))


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({"startTimestamp": None}, "2026-11-09T08:00", "2026-11-28T16:00"),
        ({"startTimestamp": "2026-11-10T06:00:00Z"}, "2026-11-10T06:00", "2026-11-28T16:00"),
        ({"startTimestamp": "2026-11-10 06:00"}, "2026-11-10T05:00", "2026-11-28T16:00"),
        (
            {"startTimestamp": None, "description": ["Beginn: 09.11.26 um 09:00 Uhr", "Ende: 01.05.27 um 00:00 Uhr"]},
            "2026-11-09T08:00",
            "2027-04-30T22:00",
        ),
        (
            {"startTimestamp": None, "description": ["Beginn: 9.11.2026\nEnde: 28.11.2026"]},
            "2026-11-08T23:00",
            "2026-11-28T23:00",
        ),
        (
            {"startTimestamp": None, "description": ["24.11.26 15:30 bis zum 25.11.26 05:00 Uhr."]},
            "2026-11-24T14:30",
            "2026-11-25T04:00",
        ),
        (
            {
                "startTimestamp": None,
                "description": ["26.11.26 von 22:00 bis 05:00 Uhr", "24.11.26 von 10:00 bis 16:30 Uhr"],
            },
            "2026-11-24T09:00",
            "2026-11-27T04:00",
        ),
    ],
)
def test_when_it_is(said: dict[str, Any], start: str, end: str) -> None:
    data = Motorway().read(answer(work(**said)))[0].data
    assert (data["valid_from"], data["valid_to"]) == (f"{start}:00Z", f"{end}:00Z")


@pytest.mark.parametrize(
    "said",
    [
        {"coordinate": {"lat": 51.44375, "long": 6.72431}},
        {"coordinate": {"lat": "6.724310", "long": "51.443750"}},
        {"coordinate": None},
        {"coordinate": None, "point": "51.443750, 6.724310"},
    ],
)
def test_where_it_is_whatever_the_order(said: dict[str, Any]) -> None:
    data = Motorway().read(answer(work(**said)))[0].data
    assert (data["lat"], data["lon"]) == (51.44375, 6.72431)


def test_what_lies_elsewhere_or_is_no_roadwork_is_counted() -> None:
    feed = Motorway()
    essen = {"lat": "51.4500", "long": "7.0100"}
    others = [work("E", coordinate=essen), work("U", display_type="WEIGHT_LIMIT_35")]
    assert {fact.subject for fact in feed.read(answer(work(), *others))} == {ID}
    assert feed.last.noted == Counter(elsewhere=1, not_roadworks=1)


def test_a_site_that_is_missing_is_over_unless_all_are() -> None:
    """Nobody is left in the city, but elsewhere: the answer is not empty."""
    feed = Motorway()
    feed.read(answer(work()))
    assert feed.read(answer()) == []
    assert feed.last.noted["absence_not_judged"] == 1
    (closed,) = feed.read(answer(work("E", coordinate={"lat": "51.4500", "long": "7.0100"})), NOW + timedelta(hours=1))
    assert brief(closed) == (ID, "closed", (NOW + timedelta(hours=1)).isoformat())


def test_what_is_to_come_begins_when_its_time_comes() -> None:
    feed = Motorway()
    later = work(startTimestamp="2026-11-24T09:00:00.000+0100", future=True)
    assert [brief(fact)[1] for fact in feed.read(answer(later))] == ["published"]
    begun = datetime.fromisoformat("2026-11-24T09:04:00+01:00")
    assert [brief(fact)[1:] for fact in feed.read(answer(later), begun)] == [("started", "2026-11-24T09:00:00+01:00")]


def test_other_dates_are_a_change_and_the_same_ones_are_none() -> None:
    feed = Motorway()
    feed.read(answer(work()))
    assert feed.read(answer(work())) == []
    longer = work(description=["Ende: 30.11.2026 17:00"])
    (changed,) = feed.read(answer(longer))
    assert (brief(changed)[1], changed.data["valid_to"]) == ("changed", "2026-11-30T16:00:00Z")


@pytest.mark.parametrize(
    ("bad", "reason", "detail"),
    [
        ({"description": ["Beginn: 09.11.2026"]}, "value", "no end is said in it; it says so as 'Ende: "),
        ({"startTimestamp": None, "description": ["Ende: 28.11.2026"]}, "value", "no begin is said in it"),
        ({"description": ["Ende: 31.11.2026"]}, "value", "day is out of range"),
        ({"description": ["Ende: 28.11.2026 25:00"]}, "value", "25:00 is no time of a day"),
        ({"description": ["Ende: 08.11.2026"]}, "value", "is not after the begin, 09.11.2026 08:00"),
        ({"startTimestamp": "soon"}, "value", "startTimestamp: 'soon' is no instant of ISO 8601"),
        ({"startTimestamp": "0001-01-01T00:00:00+01:00"}, "value", "startTimestamp: '0001-01-01T00:00:00+01:00'"),
        ({"coordinate": {"lat": "51,44", "long": "6,72"}}, "value", "coordinate: '51,44, 6,72' is no place in Germany"),
        ({"coordinate": {"lat": 0.0, "long": 0.0}}, "value", "is no place in Germany"),
        ({"coordinate": None, "point": None}, "value", "coordinate: '' is no place in Germany; two degrees are wanted"),
        ({"coordinate": None, "point": "6.7,51.4,51.5"}, "value", "is no place in Germany"),
        ({"identifier": ""}, "schema", "length >= 1"),
        ({"future": "no"}, "schema", "Expected `bool`, got `str`"),
    ],
)
def test_a_bad_entry_is_refused_by_name_and_closes_nobody(bad: dict[str, Any], reason: str, detail: str) -> None:
    feed = Motorway()
    feed.read(answer(work()))
    facts = feed.read(answer(work(**bad), work("Z2")))
    assert {brief(fact)[0] for fact in facts} == {"Z2"}
    assert {brief(fact)[1] for fact in facts} == {"published", "started"}
    (reject,) = feed.last.rejects
    assert (reject.reason, reject.path.partition(".")[0]) == (reason, "roadworks[0]")
    assert detail in reject.detail


def test_spoilt_answers_are_faults_or_rejects_and_never_more() -> None:
    good = answer(*(work(f"W{number}") for number in range(20)))
    outcomes: Counter[str] = Counter()
    for spoil in spoilers():
        feed = Motorway()
        try:
            feed.read(spoil(good))
        except FeedFault as fault:
            outcomes[fault.reason] += 1
        else:
            outcomes["rejects" if feed.last.rejects else "read"] += 1
    assert outcomes.total() == len(spoilers())
    assert outcomes["read"] < 45, outcomes
