"""The simulated city: the same story for the same seed, in the recorded form, never without its mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from cityhub.sandbox.city.app import create_city
from cityhub.sandbox.city.network import Line, build_network
from cityhub.sandbox.city.timetable import LOCAL, trips_of
from cityhub.sandbox.city.traffic import drive

NETWORK = build_network()
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


@asynccontextmanager
async def city(
    now: datetime = NOON, seed: int = 7, hours: int = 3, lines: tuple[Line, ...] = NETWORK[:3]
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on a city whose clock stands still."""
    transport = httpx.ASGITransport(create_city(seed, lambda: now, hours, lines))
    async with httpx.AsyncClient(transport=transport, base_url="http://city") as http:
        yield http


async def pages(http: httpx.AsyncClient, cursor: str = "") -> list[httpx.Response]:
    """All answers of AUS from a cursor on, or from the beginning."""
    found = []
    while True:
        answer = await http.get("/vdv454/aus", params={"seit": cursor} if cursor else {})
        found.append(answer)
        cursor = answer.json()["Naechster"]
        if answer.json()["WeitereDaten"] == "false":
            return found


async def test_same_seed_tells_the_same_story_after_a_restart_and_another_seed_another() -> None:
    async with city() as one, city() as two, city(seed=8) as other:
        first = [answer.content for answer in await pages(one)]
        assert [answer.content for answer in await pages(two)] == first
        assert (await one.get("/vdv454/ref-aus?Betriebstag=2026-11-20")).content == (
            await two.get("/vdv454/ref-aus?Betriebstag=2026-11-20")
        ).content
        assert [answer.content for answer in await pages(other)] != first


async def test_reading_in_small_steps_gives_what_one_reading_gives() -> None:
    """One reader comes every seven minutes for two hours, the other once at the end."""
    steps: list[Any] = []
    cursor = ""
    for minute in (*range(0, 120, 7), 120):
        async with city(NOON - timedelta(minutes=120 - minute), hours=1) as http:
            found = await pages(http, cursor)
        steps += [item for answer in found for item in answer.json()["IstFahrt"]]
        cursor = found[-1].json()["Naechster"]
    async with city(hours=3) as http:
        whole = [item for answer in await pages(http) for item in answer.json()["IstFahrt"]]
    assert len(whole) > 300
    assert steps == whole


async def test_items_have_the_recorded_form_and_are_marked() -> None:
    async with city() as http:
        answer = (await pages(http))[0].json()
        plan = (await http.get("/vdv454/ref-aus?Betriebstag=2026-11-20")).json()
    assert answer["Simulation"] == plan["Simulation"] == "true"
    assert answer["Bestaetigung"] == {"Zst": "2026-11-20T11:00:00.000+00:00", "Ergebnis": "ok", "Fehlernummer": "0"}
    trip = answer["IstFahrt"][0]
    assert set(trip) == {
        *(
            "Zst",
            "LinienID",
            "LinienText",
            "RichtungsID",
            "RichtungsText",
            "FahrtID",
            "FahrtStartEnde",
            "Komplettfahrt",
        ),
        *("UmlaufID", "PrognoseMoeglich", "FaelltAus", "FahrzeugTypID", "ServiceAttributs", "IstHalts"),
    }
    assert set(trip["IstHalts"][0]) == {
        *("HaltID", "Abfahrtszeit", "IstAbfahrtPrognose", "AbfahrtssteigText", "Einsteigeverbot", "Ankunftszeit"),
        *("IstAnkunftPrognose", "AnkunftssteigText", "Aussteigeverbot", "Durchfahrt", "Zusatzhalt", "HinweisText"),
    }
    for item in answer["IstFahrt"] + plan["SollFahrt"]:
        assert item["FahrtID"]["FahrtBezeichner"].endswith("#SIM")
        assert all(halt["HaltID"].startswith("de:05112:SIM") for halt in item.get("IstHalts", item.get("SollHalts")))


async def test_feed_has_duplicates_partial_messages_cancellations_and_sent_again_ones() -> None:
    async with city(hours=24, lines=NETWORK) as http:
        answers = await pages(http)
    items = [item for answer in answers for item in answer.json()["IstFahrt"]]
    seen = Counter(str(item) for item in items)
    assert 0.005 < sum(count - 1 for count in seen.values()) / len(items) < 0.03
    assert {item["Komplettfahrt"] for item in items} == {"true", "false"}
    assert any(item["FaelltAus"] == "true" for item in items)
    assert any(later["Zst"] < sooner["Zst"] for sooner, later in pairwise(items))
    assert max(len(answer.content) for answer in answers) < 1_100_000
    assert len(answers) > 10


async def test_quiet_feed_answers_304_with_its_clock() -> None:
    async with city() as http:
        last = (await pages(http))[-1].json()["Naechster"]
        first = await http.get("/vdv454/aus", params={"seit": last})
        again = await http.get("/vdv454/aus", params={"seit": last}, headers={"if-none-match": first.headers["etag"]})
        plan = await http.get("/vdv454/ref-aus?Betriebstag=2026-11-20")
        same = await http.get("/vdv454/ref-aus?Betriebstag=2026-11-20", headers={"if-none-match": plan.headers["etag"]})
    assert first.json()["IstFahrt"] == []
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["date"] == "Fri, 20 Nov 2026 11:00:00 GMT"
    assert same.status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/vdv454/aus?seit=8-1795170000000", 410),
        ("/vdv454/aus?seit=7-1000", 410),
        ("/vdv454/aus?seit=nonsense", 410),
        ("/vdv454/ref-aus", 400),
        ("/vdv454/ref-aus?Betriebstag=20.11.2026", 400),
        ("/vdv454/ref-aus?Betriebstag=2020-01-01", 404),
    ],
)
async def test_wrong_questions_are_refused_in_form(path: str, status: int) -> None:
    async with city() as http:
        answer = await http.get(path)
    assert answer.status_code == status
    assert answer.json()["Bestaetigung"]["Ergebnis"] == "notok"


async def test_front_page_says_that_all_is_invented_and_health_answers() -> None:
    async with city() as http:
        front = (await http.get("/")).text
        assert "erfunden" in front
        assert "invented" in front
        assert (await http.get("/healthz")).status_code == 200


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_clock_change_costs_no_trip_and_moves_none(day: date) -> None:
    """Both are Sundays, in whose night the clock changes: the day has the trips of any Sunday at the same local times,
    and the night before runs to its end."""
    plain = day - timedelta(days=7)

    def starts(of: date) -> list[str]:
        trips = trips_of(NETWORK, of)
        return [f"{datetime.fromtimestamp(trip.planned_s[0], LOCAL):%H:%M} {trip.id}" for trip in trips]

    def minutes(of: date) -> set[int]:
        return {trip.planned_s[-1] - trip.planned_s[0] for trip in trips_of(NETWORK, of)}

    assert starts(day) == starts(plain)
    assert minutes(day) == minutes(plain)
    assert starts(day - timedelta(days=1)) == starts(plain - timedelta(days=1))
    offsets = {trip.offset_s for trip in trips_of(NETWORK, day)}
    assert offsets == {7200 if day.month == 3 else 3600}


def test_night_is_quiet_and_the_week_has_its_rhythm() -> None:
    friday, saturday, sunday = (trips_of(NETWORK, date(2026, 11, day)) for day in (20, 21, 22))
    hours = {datetime.fromtimestamp(trip.planned_s[0], LOCAL).hour for trip in friday}
    assert not hours & {1, 2, 3}
    departures = [sum(len(trip.planned_s) - 1 for trip in trips) for trips in (friday, saturday, sunday)]
    assert 25_000 < departures[0] < 45_000
    assert departures[0] > departures[1] > departures[2] > 5_000
    assert {trip.line.name for trip in friday} == {
        *("901", "903", "U79", "907", "910", "917", "921", "923", "924", "933", "934", "937", "944")
    }


def test_day_is_punctual_but_not_boring() -> None:
    """85 to 90 % over all, lines and hours apart by more than ten points; about one trip in a hundred is cancelled."""
    on_time: dict[str, list[bool]] = {}
    cancelled = 0
    trips = trips_of(NETWORK, date(2026, 11, 20))
    for trip in trips:
        went = drive(2026, trip, NETWORK)
        cancelled += went.cancelled
        for planned_s, departed_s in zip(trip.planned_s, went.departed_s, strict=False):
            punctual = -60 <= departed_s - planned_s <= 300
            hour = datetime.fromtimestamp(departed_s, LOCAL).hour
            for key in ("all", trip.line.name, f"hour {hour}"):
                on_time.setdefault(key, []).append(punctual)
        assert sorted(went.departed_s) == list(went.departed_s)
    share = {key: sum(found) / len(found) for key, found in on_time.items()}
    assert 0.85 <= share["all"] <= 0.92
    assert share["hour 7"] < share["hour 10"] - 0.1
    lines = [share[line.name] for line in NETWORK]
    assert max(lines) - min(lines) > 0.1
    assert 0.003 < cancelled / len(trips) < 0.03
