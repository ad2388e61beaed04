"""`/metrics` on the public port is for operators; answers are counted by the hub's own addresses only."""

from __future__ import annotations

import httpx
from tests.unit.hub.identity.realm import Realm

from cityhub.bus import metrics


def answers() -> dict[tuple[str, str], float]:
    return {
        (sample.labels["area"], sample.labels["status"]): sample.value
        for family in metrics.REQUESTS.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


async def test_figures_are_for_operators(browser: httpx.AsyncClient, realm: Realm) -> None:
    nobody = await browser.get("/metrics")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    other = await browser.get("/metrics", headers={"authorization": f"Bearer {realm.token()}"})
    assert other.status_code == 403
    assert "hub-operator" in other.json()["detail"]
    token = realm.token(realm_access={"roles": ["hub-operator"]})
    shown = await browser.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert shown.status_code == 200
    assert "cityhub_http_requests_total" in shown.text
    assert (await browser.get("/metrics", headers={"host": "10.1.2.3:8000"})).status_code == 400


async def test_answers_are_counted_whatever_addresses_are_tried(browser: httpx.AsyncClient) -> None:
    await browser.get("/")
    before = answers()
    for number in range(20):
        await browser.get(f"/{number}/secret")
    await browser.get("/crash")
    after = answers()
    assert after.keys() - before.keys() <= {("other", "500")}
    assert after["other", "200"] == before["other", "200"] + 20


async def test_a_refusal_names_its_request(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"authorization": "Bearer x"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
