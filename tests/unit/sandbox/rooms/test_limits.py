"""What a tenant may ask, and what it sees of it, through two web processes."""

from __future__ import annotations

from collections import Counter

import pytest

from cityhub.sandbox.rooms.limits import QUOTA
from tests.unit.sandbox.rooms.conftest import Sandbox
from tests.unit.sandbox.rooms.test_door import ANNA, BERT


@pytest.fixture(scope="module", autouse=True)
async def made(sandbox: Sandbox) -> None:
    await sandbox.ask(BERT, "POST", "/tenants", json={"name": "pegel"})


async def test_every_answer_says_what_is_left_and_too_many_are_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await sandbox.ask(BERT, "GET", "/tenants/pegel")
    assert answer.headers["ratelimit-policy"] == f'"requests";q={QUOTA};w=60'
    assert answer.headers["ratelimit"].startswith('"requests";r=')
    monkeypatch.setattr("cityhub.sandbox.rooms.limits.QUOTA", 1)
    refused = await sandbox.ask(BERT, "GET", "/tenants/pegel")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    monkeypatch.undo()
    log = (await sandbox.ask(BERT, "GET", "/tenants/pegel/requests")).json()
    assert log["refused"] == 1
    assert [one["status"] for one in log["lately"][:2]] == [429, 200]


async def test_a_tenant_has_one_quota_and_one_log_whichever_process_answers(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await sandbox.ask(BERT, "GET", "/tenants/pegel/requests")).json()
    answers = [await sandbox.ask(BERT, "GET", "/tenants/pegel", through=number % 2) for number in range(4)]
    left = [before["left"] - number for number in range(1, 5)]
    assert [one.headers["ratelimit"] for one in answers] == [f'"requests";r={number};t=60' for number in left]
    monkeypatch.setattr("cityhub.sandbox.rooms.limits.QUOTA", QUOTA - left[-1])
    for through in (0, 1):
        refused = await sandbox.ask(BERT, "GET", "/tenants/pegel/room", through=through)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    monkeypatch.undo()
    for through in (0, 1, 0, 1):  # each has told of its own before it asks
        found = (await sandbox.ask(BERT, "GET", "/tenants/pegel/requests", through=through)).json()
    assert (found["requests"], found["refused"]) == (before["requests"] + 8, before["refused"] + 2)
    told = Counter((one["path"], one["status"]) for one in found["lately"][: 4 + 2 + 3])
    assert told["/v1/sandbox/tenants/pegel", 200] == 4
    assert told["/v1/sandbox/tenants/pegel/room", 429] == 2


async def test_nothing_stays_of_a_deleted_tenant_in_memory(sandbox: Sandbox) -> None:
    await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "kurz"})
    await sandbox.ask(ANNA, "GET", "/tenants/kurz")
    await sandbox.ask(ANNA, "DELETE", "/tenants/kurz", through=1)
    await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "kurz"})
    log = (await sandbox.ask(ANNA, "GET", "/tenants/kurz/requests", through=1)).json()
    assert (log["requests"], [one["method"] for one in log["lately"]]) == (1, [])
    await sandbox.ask(ANNA, "DELETE", "/tenants/kurz")
