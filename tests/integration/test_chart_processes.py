"""The chart's web, workers and publisher as its rendering starts them, two of each, behind one address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cityhub.sdk import codec
from tests.integration.bin_levels import level
from tests.integration.broker import ExternalKafka, external_kafka
from tests.integration.cluster.cluster import Cluster
from tests.integration.cluster.outside import KAFKA, outside
from tests.integration.cluster.places import Outside
from tests.integration.cluster.rendering import EXTERNAL, NotHere, Release
from tests.integration.postgres import Postgres, postgres
from tests.integration.servers import Keycloak
from tests.integration.test_login import Browser, eventually

__all__ = ["external_kafka", "postgres"]

COUNTED = re.compile(r'^cityhub_engine_events_total\{organisation="wbd",outcome="counted".*\} (\S+)$', re.M)
FIELDS = "{ dataState { streams { topic records } } }"


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, external_kafka: ExternalKafka, keycloak: Keycloak, postgres: Postgres
) -> Iterator[Cluster]:
    installation = keycloak.installation
    named = outside(installation, external_kafka, keycloak, postgres.create(), "http://127.0.0.1:1")
    folder = tmp_path_factory.mktemp("chart")
    with Cluster(folder, named, installation.settings.port, only={"web", "worker", "publisher"}) as found:
        found.wait_until_ready()
        yield found


async def test_two_of_each_are_one_hub(cluster: Cluster, keycloak: Keycloak) -> None:
    """Each request comes by a connection of its own, so that they reach the two web pods in turn."""
    cluster.hook("test")
    address, passwords = keycloak.installation.settings.public_url, keycloak.installation.secrets.user_passwords
    async with Browser(address) as browser:
        browser.headers["connection"] = "close"
        assert not await knows(browser)
        await browser.log_in(dict(passwords), "leitung", "/kpi/M01")
        assert [await knows(browser) for _ in range(4)] == [True] * 4
        assert len(cluster.services["cityhub-web"].served) == 2
        await send(browser, keycloak.machine_token("ingest-wbd"), 0, 200)
        await eventually(lambda: counted(cluster, 200))
        assert min(shares(cluster)) > 0, "one worker has counted everything"

        cluster.kill("web")
        await send(browser, keycloak.machine_token("ingest-wbd"), 200, 300)
        assert await knows(browser)
        await eventually(lambda: counted(cluster, 300))
        await asyncio.to_thread(cluster.wait_until_ready)
        assert [await knows(browser) for _ in range(4)] == [True] * 4
    assert list(cluster.restarts()) == ["web-0.web"]


async def knows(browser: Browser) -> bool:
    """Whether a page is there, and GraphQL knows the session: without one it answers nobody."""
    page = await browser.get("/kpi/M01")
    answer = await browser.post("/graphql", json={"query": FIELDS}, headers={"origin": str(browser.base_url)})
    assert page.status_code == 200, page.text
    return answer.status_code == 200 and "dataState" in (answer.json().get("data") or ())


SOURCE = f"//wbd/{uuid4().hex}"


async def send(browser: Browser, token: str, first: int, end: int) -> None:
    """Levels of fifty bins, which all partitions get some of."""
    content = b"[" + b",".join(codec.encode(level(SOURCE, number)) for number in range(first, end)) + b"]"
    headers = {"authorization": f"Bearer {token}", "content-type": codec.BATCH}
    answer = await browser.post("/v1/events", content=content, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, end - first), answer.text


async def counted(cluster: Cluster, due: int) -> bool:
    return sum(await asyncio.to_thread(shares, cluster)) == due


def shares(cluster: Cluster) -> list[float]:
    """What each worker has counted."""
    return [sum(map(float, COUNTED.findall(cluster.metrics("worker", number)))) for number in (0, 1)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("httpGet: {path: /livez", "exec: {path: /livez"), "no httpGet"),
        (("workingDir: /data", "stdin: true"), "stdin, which nothing here follows"),
        (("kind: Deployment", "kind: StatefulSet"), "StatefulSet"),
    ],
)
def test_what_a_machine_cannot_follow_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(EXTERNAL.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(NotHere, match=said):
        Release(other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"https://vdv.hub.example"', '"https://elsewhere.example"'), "elsewhere.example is an address"),
        (("secretKeyRef: {name: cityhub-kafka,", "secretKeyRef: {name: others,"), "no Secret others"),
    ],
)
def test_what_has_no_place_here_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(EXTERNAL.read_text("utf-8").replace(*change), "utf-8")
    addresses = ("https://hub.example", "https://keycloak.hub.example", "https://vdv.hub.example", KAFKA)
    secrets = {
        "cityhub-secrets": {"secrets.json": ""},
        "cityhub-database": {"url": ""},
        "cityhub-kafka": {"username": "", "password": ""},
        "cityhub-kafka-ca": {"ca.crt": ""},
        "cityhub-keycloak": {"secret": ""},
    }
    named = Outside(addresses=dict.fromkeys(addresses, "http://127.0.0.1:1"), secrets=secrets)
    with pytest.raises(NotHere, match=said):
        Cluster(tmp_path, named, 1, rendering=other)
