"""`…/kafka`: opened, shown, closed, emptied and gone, with Kafka and without."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cityhub.sdk.principal import Principal
from tests.unit.sandbox.rooms.conftest import Sandbox
from tests.unit.sandbox.rooms.test_door import BERT, gone


@pytest.fixture(scope="module", autouse=True)
async def made(sandbox: Sandbox) -> None:
    await sandbox.ask(BERT, "POST", "/tenants", json={"name": "pegel"})


async def test_a_tenant_opens_kafka_and_closes_it(sandbox: Sandbox) -> None:
    shut = (await sandbox.ask(BERT, "GET", "/tenants/pegel/kafka")).json()
    assert (shut["open"], shut["ready"], len(shut["to_do"])) == (False, False, 1)
    assert "open it by PUT" in shut["to_do"][0]
    opened = await sandbox.ask(BERT, "PUT", "/tenants/pegel/kafka", json={"open": True})
    assert (opened.status_code, opened.json()["open"]) == (200, True)
    door = await kafka_ready(sandbox, BERT, "pegel")
    assert door["writes"] == "sbx.pegel.in"
    assert door["reads"] == {"event": "sbx.pegel.events", "value": "sbx.pegel.values", "refused": "sbx.pegel.refused"}
    assert (door["group_prefix"], door["client"], door["to_do"]) == ("sbx.pegel.", "startup-sbx-pegel", [])
    sandbox.broker.topics["sbx.pegel.in"].append((None, b"no event", []))
    async with asyncio.timeout(60):
        while not (written := sandbox.broker.topics["sbx.pegel.refused"]):  # noqa: ASYNC110 - a room's process
            await asyncio.sleep(0.05)
    assert (written[0][0], b'"offset":0' in written[0][1]) == (b"parse", True)
    refused = (await sandbox.ask(BERT, "GET", "/tenants/pegel/feed?kind=refused")).json()
    assert [one["name"] for one in refused] == ["parse"]
    assert (await sandbox.ask(BERT, "POST", "/tenants/pegel/reset")).status_code == 200
    await kafka_ready(sandbox, BERT, "pegel")
    assert sandbox.broker.topics["sbx.pegel.refused"] == []
    await sandbox.ask(BERT, "PUT", "/tenants/pegel/kafka", json={"open": False})
    async with asyncio.timeout(60):
        while any("pegel" in name for name in sandbox.broker.topics):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def kafka_ready(sandbox: Sandbox, who: Principal, tenant: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            door: dict[str, Any] = (await sandbox.ask(who, "GET", f"/tenants/{tenant}/kafka")).json()
            if door["ready"]:
                return door
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"open":"perhaps"}', b'{"open":true,"topic":"du.evt"}'])
async def test_a_kafka_door_is_open_or_not(sandbox: Sandbox, body: bytes) -> None:
    answer = await sandbox.ask(BERT, "PUT", "/tenants/pegel/kafka", content=body)
    assert (answer.status_code, "is not understood" in answer.text) == (422, True)


async def test_without_kafka_the_room_is_there_and_what_is_owed_is_done_later(sandbox: Sandbox) -> None:
    await sandbox.ask(BERT, "POST", "/tenants", json={"name": "ohne", "days": 1})
    await sandbox.ask(BERT, "PUT", "/tenants/ohne/kafka", json={"open": True})
    await kafka_ready(sandbox, BERT, "ohne")
    sandbox.broker.away = True
    assert (await sandbox.ask(BERT, "POST", "/tenants/ohne/reset")).status_code == 200
    assert (await sandbox.ask(BERT, "GET", "/tenants/ohne/room")).json()["events"] == 0
    refused = await sandbox.ask(BERT, "DELETE", "/tenants/ohne")
    assert (refused.status_code, "tried again" in refused.text) == (503, True)
    await sandbox.ask(BERT, "POST", "/tenants", json={"name": "zeuge", "days": 1})
    assert (await sandbox.ask(BERT, "DELETE", "/tenants/zeuge")).status_code == 204, "it had no topics"
    sandbox.broker.away = False
    await sandbox.service.sweep()
    assert gone(sandbox, b"ohne")
    assert not [name for name in sandbox.broker.topics if "ohne" in name]
