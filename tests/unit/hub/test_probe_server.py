"""Probes of a process over HTTP: what each says when things go well, and when they do not."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from cityhub.bus.vitals import Vitals
from cityhub.hub import probe_server, readiness
from cityhub.hub.collectors import registry_of
from cityhub.hub.errors import PortTaken
from cityhub.hub.probe_server import ProbeApp, Pulse, probes_served
from cityhub.hub.readiness import Check, Readiness

HOST = "127.0.0.1"


@asynccontextmanager
async def served(vitals: Vitals, *checks: Check) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        probes_served(HOST, 0, vitals, Readiness(checks), registry_of("gate")) as port,
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=60) as client,
    ):
        yield client


async def test_a_process_that_starts_lives_but_is_not_ready() -> None:
    vitals = Vitals()
    async with served(vitals, Check("kafka", lambda: None, "")) as client:
        assert (await client.get("/livez")).json() == {"live": True, "reason": ""}
        assert [(await client.get(path)).status_code for path in ("/startupz", "/readyz")] == [503, 503]
        vitals.begin()
        assert [(await client.get(path)).status_code for path in ("/startupz", "/readyz")] == [200, 200]
        assert (await client.get("/version")).json()["version"]


async def test_what_is_not_well_is_named_with_what_to_do_and_does_not_kill_the_process() -> None:
    vitals = Vitals()
    vitals.begin()
    bad = Check("kafka", lambda: "nothing answers at b:9092 yet: refused", "start Kafka")
    async with served(vitals, bad, Check("store", lambda: None, "")) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {
            "kafka": {"ready": False, "reason": "nothing answers at b:9092 yet: refused", "remedy": "start Kafka"},
            "store": {"ready": True, "reason": "", "remedy": ""},
        }
        assert (await client.get("/livez")).status_code == 200


async def test_metrics_are_there_and_other_addresses_say_which_there_are() -> None:
    async with served(Vitals()) as client:
        shown = await client.get("/metrics")
        assert 'cityhub_build_info{process="gate"' in shown.text
        assert "cityhub_door_held_bytes" in shown.text
        assert (await client.get("/")).status_code == 404
        assert "/metrics" in (await client.get("/")).json()["detail"]
        assert (await client.post("/livez")).status_code == 405


def test_a_loop_that_does_not_turn_and_a_task_that_has_ended_are_no_life() -> None:
    now, working = [0.0], [True]
    pulse = Pulse(lambda: now[0])
    app = ProbeApp(pulse, Vitals(), Readiness([]), registry_of("x"), lambda: working[0])
    assert app._live()[0]
    now[0] = probe_server.STUCK_S + 1
    assert app._live() == (False, {"live": False, "reason": "the event loop has not turned for 91 s"})
    now[0], working[0] = 0.0, False
    assert app._live() == (False, {"live": False, "reason": "its main task has ended"})


async def test_a_busy_loop_is_asked_all_the_same() -> None:
    """The answer comes from a thread while the loop is blocked."""
    async with probes_served(HOST, 0, Vitals(), Readiness([]), registry_of("x")) as port:
        found: list[int] = []
        asking = threading.Thread(
            target=lambda: found.append(httpx.get(f"http://{HOST}:{port}/livez", trust_env=False).status_code)
        )
        asking.start()
        asking.join(60)  # on purpose in the loop's own thread
        assert found == [200]


async def test_a_taken_port_is_named_with_its_setting() -> None:
    async with probes_served(HOST, 0, Vitals(), Readiness([]), registry_of("x")) as port:
        with pytest.raises(PortTaken, match=f"{port}.*CITYHUB_PROBE_PORT"):
            async with probes_served(HOST, port, Vitals(), Readiness([]), registry_of("x")):
                pass


def test_an_answer_holds_for_a_while_and_a_hanging_question_is_asked_once() -> None:
    now, asked, release = [0.0], list[str](), threading.Event()

    def counted(name: str, answer: Callable[[], str | None]) -> Check:
        def ask() -> str | None:
            asked.append(name)
            return answer()

        return Check(name, ask, "look at it")

    def hang() -> None:
        release.wait()

    def fail() -> str:
        raise ZeroDivisionError

    checks = [counted("good", lambda: None), counted("hangs", hang), counted("fails", fail)]
    looking = Readiness(checks, clock=lambda: now[0], limit_s=0.2)
    for _ in range(2):
        found = looking.look()
        assert found["good"].ready
        assert found["hangs"] == readiness.Found(ready=False, reason="no answer within 0.2 s", remedy="look at it")
        assert "ZeroDivisionError" in found["fails"].reason
    assert sorted(asked) == ["fails", "good", "hangs"]
    release.set()
    now[0] = readiness.FRESH_S
    found = looking.look()
    assert found["hangs"].ready
    assert sorted(asked) == ["fails", "fails", "good", "good", "hangs"]
    looking.close()


def test_what_a_process_notes_of_itself_grows_old() -> None:
    now = [0.0]
    vitals = Vitals(lambda: now[0])
    assert vitals.unready("ledger", 60) == "it has not begun yet"
    vitals.well("ledger")
    assert vitals.unready("ledger", 60) is None
    now[0] = 61.0
    assert vitals.unready("ledger", 60) == "nothing was heard of it for 61 s"
    vitals.unwell("ledger", "the store is away")
    assert vitals.unready("ledger", 60) == "the store is away"
