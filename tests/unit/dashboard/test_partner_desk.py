"""Looking into the log for a page: once for a few seconds, a few at a time, and never for long."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest

from cityhub.bus.errors import BusUnavailable
from cityhub.dashboard import partner_desk
from cityhub.dashboard.partner_desk import AWAY_S, KEPT_S
from cityhub.kpi.kept import PLACES
from tests.unit.api.test_dead_letters import READER
from tests.unit.dashboard.partner_world import PartnerWorld
from tests.unit.dashboard.test_app import call


@pytest.fixture
def world() -> PartnerWorld:
    world = PartnerWorld()
    world.viewer = READER
    return world


def test_an_answer_is_kept_for_a_moment_and_for_its_partner_only(world: PartnerWorld) -> None:
    world.desk.trace("wbd", "x")
    world.desk.trace("wbd", "x")
    world.desk.trace("dvv", "x")
    world.desk.trace("wbd", "y")
    world.seconds = KEPT_S
    world.desk.trace("wbd", "x")
    assert [of for _, *of in world.asked] == [["wbd", "x"], ["dvv", "x"], ["wbd", "y"], ["wbd", "x"]]


def test_once_kafka_is_away_nobody_waits_for_it(world: PartnerWorld) -> None:
    world.trouble = {"trace": BusUnavailable("gone")}
    with pytest.raises(BusUnavailable, match="gone"):
        world.desk.trace("wbd", "x")
    world.trouble = {}
    for look in (lambda: world.desk.trace("dvv", "y"), lambda: world.desk.letters("wbd")):
        with pytest.raises(BusUnavailable, match="did not answer a moment ago"):
            look()
    assert len(world.asked) == 1
    world.seconds = AWAY_S
    world.desk.trace("wbd", "x")


def test_no_answer_is_waited_for_in_vain(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> object:
        return await asyncio.Event().wait()

    monkeypatch.setattr(partner_desk, "ANSWER_S", 0.01)
    monkeypatch.setattr(world.letters.redrive, "past", never)
    with pytest.raises(BusUnavailable, match="no answer from Kafka within"):
        world.desk.letters("wbd")


def test_a_few_wait_and_the_others_are_told_to_come_again(world: PartnerWorld) -> None:
    goes_on = Event()
    world.waits = lambda: goes_on.wait(60)
    with ThreadPoolExecutor(PLACES) as pool:
        waiting = [pool.submit(world.desk.trace, "wbd", str(number)) for number in range(PLACES)]
        while world.desk._kept._places._value:  # type: ignore[attr-defined]
            pass
        with pytest.raises(BusUnavailable, match="try again in some seconds"):
            world.desk.trace("wbd", "one more")
        goes_on.set()
        assert [one.result().id for one in waiting] == ["0", "1", "2"]


async def test_live_values_do_not_read_the_log_again(world: PartnerWorld, http: httpx.AsyncClient) -> None:
    assert (await http.get("/partner")).status_code == 200
    asked = len(world.asked)
    body = call("/partner", shown={"asked": "/partner"})
    assert (await http.post("/_dash-update-component", json=body)).status_code == 204
    assert len(world.asked) == asked
    assert (await http.post("/_dash-update-component", json=call("/partner"))).status_code == 200
    assert len(world.asked) > asked
