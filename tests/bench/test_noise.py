"""What a noisy tenant costs live users: p99 of GraphQL and a page with and without it, by turns. Run by `make bench`.

Asserts answers, never a time.
"""

from __future__ import annotations

import itertools
import math
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx

from tests.bench.lines import new_run
from tests.e2e.hub import LocalHub
from tests.e2e.partner import ControlCentre
from tests.unit.sandbox.room.rooms import OWN

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "6"))
READS = int(os.environ.get("BENCH_READS", "300"))
SPECS = 20
REQUESTS_PER_S = 10
"""The limit of a tenant."""
OVERSIZE = b"[" + b" " * 1_200_000 + b"]"
BATCH = {"content-type": "application/cloudevents-batch+json"}
PLAY = {"day": "2026-11-24", "speed": 1000, "loop": True}
QUERY = {"query": '{ kpi(id: "M07") { ... on Kpi { series(from: "2026-11-23T23:00:00Z", window: day) { value } } } }'}


def test_live_users_beside_a_noisy_tenant(tmp_path: Path) -> None:
    """All streams at 1000 times, twenty own KPIs, as many requests as are allowed, every second of them too large."""
    with ControlCentre().serving() as url:
        _measure(LocalHub(tmp_path / "var", city=False, transit_url=url))


def _measure(hub: LocalHub) -> None:
    hub.start()
    try:
        hub.wait_until_ready()
        lines, ratios = new_run("noise", rounds=ROUNDS, reads=READS), list[tuple[float, float]]()
        _own_kpis(hub)
        for number in range(-1, ROUNDS):  # the first warms up
            found = {}
            for noisy in (False, True) if number % 2 else (True, False):
                graphql_ms, page_ms = _beside(hub, noisy=noisy)
                found[noisy] = graphql_ms, page_ms
                load = os.getloadavg()[0]
                lines.write(
                    "noise", round=number, noisy=noisy, graphql_p99_ms=graphql_ms, page_p99_ms=page_ms, load=load
                )
            if number >= 0:
                ratios.append((found[True][0] / found[False][0], found[True][1] / found[False][1]))
        graphql, page = (statistics.median(column) for column in zip(*ratios, strict=True))
        lines.write("noise-ratio", graphql_p99=graphql, page_p99=page, rounds=len(ratios))
        assert len(ratios) == ROUNDS
    finally:
        hub.stop()


def _tenant(hub: LocalHub, path: str = "/v1/sandbox/tenants/demo") -> httpx.Client:
    token = hub.run("token", "--client", "startup-demo").stdout.strip()
    return httpx.Client(base_url=f"{hub.url}{path}", headers={"authorization": f"Bearer {token}"}, timeout=180)


def _own_kpis(hub: LocalHub) -> None:
    with _tenant(hub) as tenant:
        for number in range(SPECS):
            answer = tenant.post("/kpis", content=OWN.replace("my-parking", f"my-{number:02d}").encode())
            assert answer.status_code == HTTPStatus.OK, answer.text


def _beside(hub: LocalHub, *, noisy: bool) -> tuple[float, float]:
    """p99 of GraphQL and of the start page, ms, read by one user after the other."""
    if not noisy:
        return _read(hub)
    with _noise(hub):
        return _read(hub)


def _read(hub: LocalHub) -> tuple[float, float]:
    graphql_ms, page_ms = list[float](), list[float]()
    with _tenant(hub, "") as user:
        for _ in range(READS):
            graphql_ms.append(_timed(user, "POST", "/graphql"))
            page_ms.append(_timed(user, "GET", "/"))
    return _p99(graphql_ms), _p99(page_ms)


def _timed(user: httpx.Client, method: str, path: str) -> float:
    began = time.perf_counter()
    answer = user.request(method, path, json=QUERY if method == "POST" else None)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return (time.perf_counter() - began) * 1000


def _p99(values_ms: list[float]) -> float:
    return sorted(values_ms)[math.ceil(len(values_ms) * 0.99) - 1]


@contextmanager
def _noise(hub: LocalHub) -> Iterator[None]:
    """A tenant's day at full speed, and its program in a process of its own."""
    with _tenant(hub) as tenant:
        assert tenant.post("/replay", json=PLAY).status_code == HTTPStatus.OK
        context = get_context("spawn")
        stop = context.Event()
        program = context.Process(target=_ask_on, args=(str(tenant.base_url), dict(tenant.headers), stop))
        program.start()
        try:
            yield
        finally:
            stop.set()
            program.join()
            while tenant.put("/clock", json={"speed": 0}).status_code == HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(1)
        assert program.exitcode == 0


def _ask_on(url: str, headers: dict[str, str], stop: Event) -> None:
    """Requests in step with the limit; what is too large is refused each time."""
    with httpx.Client(base_url=url, headers=headers, timeout=180) as program:
        begun = time.monotonic()
        for number in itertools.count():
            if stop.wait(max(0.0, begun + number / REQUESTS_PER_S - time.monotonic())):
                return
            large = number % 2 == 1
            answer = (
                program.post("/events", content=OVERSIZE, headers=BATCH)
                if large
                else program.get("/kpis/my-00/compare/M07")
            )
            expected = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE} if large else {HTTPStatus.OK}
            assert answer.status_code in expected | {HTTPStatus.TOO_MANY_REQUESTS}, answer.text
