"""What the API turns away, and how it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.unit.api.world import EXPIRES, World

QUERY = "{ kpis { id } }"


async def post(world: World, who: str | None = "startup", **how: object) -> httpx.Response:
    async with world.client(who) as client:
        return await client.post("/graphql", **how)  # type: ignore[arg-type]


async def test_nobody_comes_in_without_a_token_and_is_told_how_to_get_one(world: World) -> None:
    answer = await post(world, None, json={"query": QUERY})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "/auth/realms/cityhub/protocol/openid-connect/token" in answer.json()["detail"]
    async with world.client(None) as client:
        assert (await client.get("/graphql")).status_code == 401


async def test_get_is_sent_to_post(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/graphql", params={"query": QUERY})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"5", b"null", b"[]", b'"x"', b"[" * 8_000, b'{"a":' * 1_600, b"NaN", b"9" * 5_000,
        b'{"query":5}', b'{"query":""}', b'{"query":null}', b"{}", b'{"query":"{kpis{id}}","variables":[]}',
        b'{"query":"{kpis{id}}","operationName":7}', b'{"query":"{kpis{id}}","operationName":"x"}',
        b'{"query":"{kpis{id}}","extensions":1}', b'{"query":"\\ud800"}', b'[{"query":"{kpis{id}}"}]',
    ],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_a_problem_not_a_crash(world: World, body: bytes) -> None:
    answer = await post(world, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_other_content_types_and_uploads_are_refused(world: World) -> None:
    for content_type in ("text/plain", "multipart/form-data; boundary=x", "application/graphql", ""):
        answer = await post(world, content=b'{"query":"{kpis{id}}"}', headers={"Content-Type": content_type})
        assert answer.status_code == 400, content_type


async def test_a_body_over_8_kb_is_not_read_to_its_end(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 4_096

    answer = await post(world, content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert sent == 3


async def test_a_mistyped_name_is_refused_without_suggesting_others(world: World) -> None:
    for query in ("{ kpiss { id } }", '{ kpi(idd: "M01") { __typename } }', "{ kpis { values(window: houre) { n } } }"):
        answer = await world.ask(query)
        assert answer["data"] is None
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_QUERY"}
        assert "Did you mean" not in str(answer)


async def test_a_subscription_by_plain_post_is_told_the_way(world: World) -> None:
    answer = await world.ask('subscription { kpiValues(kpi: "M01") { value } }')
    assert answer["errors"][0]["extensions"]["code"] == "NO_STREAM"
    assert "text/event-stream" in answer["errors"][0]["message"]


async def test_a_token_that_has_run_out_meanwhile_is_refused(world: World) -> None:
    world.now = datetime.fromtimestamp(EXPIRES - 2, UTC)
    assert await world.codes(QUERY) == ["TOKEN_EXPIRED"]
