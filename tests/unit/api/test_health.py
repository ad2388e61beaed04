"""Health in the API: of a KPI now, of a value at its window's end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cityhub.kpi.health.kpi import SourceHealths
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.memory_reader import InMemoryReader
from tests.unit.api.world import NOW, World, catalogue, two_days

DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
HEALTH = "health { state cause source partner share since sentence english: sentence(lang: en) }"


def world_with(*known: SourceHealth) -> World:
    healths = SourceHealths(NOW, NOW, {one.source: one for one in known})
    reader = InMemoryReader(catalogue(), healths=healths)
    reader.put(two_days())
    return World(reader=reader)


def departures(state: State, cause: Cause | None = None, share: float | None = None) -> SourceHealth:
    since_s = int((NOW - timedelta(minutes=20)).timestamp())
    return SourceHealth(source=DEPARTED, at_s=0, state=state, cause=cause, share=share, since_s=since_s)


async def test_a_good_one_says_nothing_more() -> None:
    found = await world_with(departures(State.GOOD)).data(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {HEALTH} }} }} }}')
    assert found["kpi"]["health"] == {
        "state": "good",
        "cause": None,
        "source": None,
        "partner": None,
        "share": None,
        "since": None,
        "sentence": "Verlässlich.",
        "english": "Reliable.",
    }


async def test_what_is_wrong_is_said_of_the_kpi_and_of_its_values() -> None:
    world = world_with(departures(State.UNRELIABLE, Cause.INVALID, 0.38))
    found = (await world.data(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {HEALTH} latest {{ {HEALTH} }} }} }} }}'))["kpi"]
    told = found["health"]
    assert (told["state"], told["cause"], told["source"]) == ("unreliable", "invalid", DEPARTED)
    assert (told["partner"], told["share"]) == ("dvv", 0.38)
    assert told["since"] == (NOW - timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
    assert told["sentence"].startswith(
        "Nicht verlässlich: „Bus oder Bahn ist abgefahren“ – 38 % der Meldungen sind seit"
    )
    assert "38% of the reports have been invalid since" in told["english"]
    assert found["latest"]["health"]["state"] == "unreliable"


@pytest.mark.parametrize("observed", [timedelta(0), timedelta(minutes=16)])
async def test_a_hub_that_does_not_look_says_so(observed: timedelta) -> None:
    reader = InMemoryReader(catalogue(), healths=SourceHealths(NOW, NOW - observed, {DEPARTED: departures(State.GOOD)}))
    reader.put(two_days())
    found = await World(reader=reader).data(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {HEALTH} }} }} }}')
    assert found["kpi"]["health"]["state"] == ("unreliable" if observed else "good")
