"""How long a tenant's key is good: told, warned of, taken away at its end, and made anew."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cityhub.sandbox.errors import RoomUnavailable, SpecRefused, UnknownTenant
from cityhub.sandbox.rooms.keys import life_of_key
from cityhub.sandbox.rooms.tenants import Tenant
from cityhub.sdk.principal import Principal
from tests.unit.sandbox.rooms.conftest import NOW, Sandbox

ANNA = Principal(subject="anna", organisation="startup-a", roles=frozenset({"startup"}))
KEY = Principal(subject="key", organisation="startup-a", roles=frozenset({"startup"}), tenant="parken")
DAY = timedelta(days=1)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """With the tenant `parken`, which lives 30 days, its key 10."""
    made = Sandbox(tmp_path)
    answer = await made.ask(ANNA, "POST", "/tenants", json={"name": "parken", "key_days": 10})
    assert answer.status_code == 201, answer.text
    yield made
    await made.close()


async def life(sandbox: Sandbox, who: Principal = ANNA) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (await sandbox.ask(who, "GET", "/tenants/parken")).json()["key"]
    return found


def at(said: object) -> datetime:
    return datetime.fromisoformat(str(said))


async def test_it_is_told_since_when_until_when_and_that_it_was_never_used(sandbox: Sandbox) -> None:
    found = await life(sandbox)
    assert (at(found["made"]), at(found["expires"])) == (NOW, NOW + 10 * DAY)
    assert (found["used"], found["state"]) == (None, "good")
    (listed,) = (await sandbox.ask(ANNA, "GET", "/tenants")).json()
    assert listed["key"] == found


async def test_only_requests_of_the_tenants_own_client_count_as_use(sandbox: Sandbox) -> None:
    sandbox.now = NOW + timedelta(hours=1)
    await sandbox.ask(ANNA, "GET", "/tenants/parken/requests")
    assert (await life(sandbox))["used"] is None
    for later, told in ((0, 0), (30, 0), (90, 90), (91, 90)):
        sandbox.now = NOW + timedelta(hours=1, seconds=later)
        await sandbox.ask(KEY, "GET", "/tenants/parken/requests")
        assert at((await life(sandbox))["used"]) == NOW + timedelta(hours=1, seconds=told)


@pytest.mark.parametrize(
    ("left", "state"),
    [(7 * DAY + timedelta(seconds=1), "good"), (7 * DAY, "ends-soon"), (timedelta(0), "over"), (-DAY, "over")],
)
async def test_it_is_warned_of_a_week_before(sandbox: Sandbox, left: timedelta, state: str) -> None:
    sandbox.now = NOW + 10 * DAY - left
    assert (await life(sandbox))["state"] == state


async def test_at_its_end_it_is_taken_away_once_and_another_one_is_good_again(sandbox: Sandbox) -> None:
    sandbox.now = NOW + 10 * DAY - timedelta(seconds=1)
    await sandbox.service.sweep()
    assert sandbox.keys.issued == {"parken": 1}
    sandbox.now = NOW + 10 * DAY
    await sandbox.service.sweep()
    assert sandbox.keys.issued == {}
    assert (await life(sandbox))["state"] == "over"
    sandbox.keys.issued["parken"] = 7
    await sandbox.service.sweep()
    assert sandbox.keys.issued == {"parken": 7}, "it is not taken away a second time"

    answer = await sandbox.ask(ANNA, "POST", "/tenants/parken/key", json={"key_days": 5})
    assert answer.json()["key"]["secret"] == "secret-8"
    found = await life(sandbox)
    assert (at(found["made"]), at(found["expires"]), found["used"]) == (sandbox.now, NOW + 15 * DAY, None)
    assert found["state"] == "ends-soon"


async def test_without_a_wish_it_lives_as_long_as_its_tenant_and_no_longer(sandbox: Sandbox) -> None:
    sandbox.now = NOW + DAY / 2
    for content in (b"", b"{}", b'{"key_days": null}', b'{"key_days": 30}'):
        answer = await sandbox.ask(ANNA, "POST", "/tenants/parken/key", content=content)
        assert at(answer.json()["tenant"]["key"]["expires"]) == NOW + 30 * DAY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"key_days": 0}', "key_days: 0 is not between 1 and 30; the tenant ends 2026-12-26"),
        (b'{"key_days": 31}', "key_days: 31 is not between 1 and 30"),
        (b'{"key_days": -1}', "key_days: -1 is not between"),
        (b'{"key_days": "x"}', "the body is not understood"),
        (b'{"days": 5}', "unknown field `days`"),
        (b"\xff", "the body is not understood"),
    ],
)
async def test_a_life_that_cannot_be_is_refused_and_the_key_stays(sandbox: Sandbox, content: bytes, words: str) -> None:
    answer = await sandbox.ask(ANNA, "POST", "/tenants/parken/key", content=content)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert sandbox.keys.issued == {"parken": 1}


async def test_a_tenant_whose_key_cannot_be_is_not_made(sandbox: Sandbox) -> None:
    answer = await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "laden", "days": 5, "key_days": 6})
    assert answer.json()["problems"] == ["key_days: 6 is not between 1 and 5; the tenant ends 2026-12-01"]
    with pytest.raises(UnknownTenant):
        sandbox.tenants.one("laden", None)


def test_days_are_counted_from_now() -> None:
    assert life_of_key(1, NOW + 30 * DAY, NOW).expires == NOW + DAY
    with pytest.raises(SpecRefused, match="not between 1 and 0"):
        life_of_key(1, NOW, NOW)


async def test_where_keycloak_is_away_the_rest_is_swept_and_the_key_goes_later(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "laden", "key_days": 10})
    withdraw = sandbox.keys.withdraw

    def partly(tenant: str) -> None:
        if tenant == "laden":
            raise RoomUnavailable("Keycloak is away")
        withdraw(tenant)

    monkeypatch.setattr(sandbox.keys, "withdraw", partly)
    sandbox.now = NOW + 10 * DAY
    with pytest.raises(RoomUnavailable, match=r"^Keycloak is away$"):
        await sandbox.service.sweep()
    assert sandbox.keys.issued == {"laden": 1}
    monkeypatch.undo()
    await sandbox.service.sweep()
    assert sandbox.keys.issued == {}


async def test_a_key_that_is_made_while_the_old_one_is_taken_away_stays(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, withdraw = threading.Event(), threading.Event(), sandbox.keys.withdraw

    def slowly(tenant: str) -> None:
        begun.set()
        assert go_on.wait(60)
        withdraw(tenant)

    monkeypatch.setattr(sandbox.keys, "withdraw", slowly)
    sandbox.now = NOW + 10 * DAY
    sweeping = asyncio.create_task(sandbox.service.sweep())
    await asyncio.to_thread(begun.wait, 60)
    rotating = asyncio.create_task(sandbox.ask(ANNA, "POST", "/tenants/parken/key"))
    for _ in range(20):
        await asyncio.sleep(0)
    go_on.set()
    await sweeping
    assert (await rotating).status_code == 200
    assert sandbox.keys.issued == {"parken": 1}
    assert (await life(sandbox))["state"] == "good"


async def test_two_who_delete_a_tenant_at_once_leave_the_next_one_of_that_name_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, forget = sandbox.tenants.one("parken", None), sandbox.tenants.delete

    def taken_over(tenant: Tenant) -> None:
        monkeypatch.undo()
        forget(tenant)
        sandbox.tenants.create(tenant.name, "startup-other", 30, NOW + DAY)

    monkeypatch.setattr(sandbox.tenants, "delete", taken_over)
    await asyncio.gather(sandbox.service._delete(old), sandbox.service._delete(old))
    assert sandbox.tenants.one("parken", "startup-other").expires == NOW + 31 * DAY
