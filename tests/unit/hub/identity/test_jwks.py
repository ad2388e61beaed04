"""The key cache: how often it asks, and how long it lives without an answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.unit.hub.identity.realm import ENDPOINTS, RSA_KEYS, Clock, Realm, public
from tests.unit.hub.waiting import until

from cityhub.hub.identity.errors import KeycloakUnavailable
from cityhub.hub.identity.jwks import KeyCache
from cityhub.hub.identity.watch import KeycloakWatch


@pytest.fixture
def realm() -> Realm:
    return Realm(Clock())


@pytest.fixture
def clock() -> Clock:
    return Clock(0)


@pytest.fixture
def keys(realm: Realm, clock: Clock) -> KeyCache:
    return KeyCache(ENDPOINTS.certs, realm.http, clock)


async def test_asks_once_in_ten_minutes(keys: KeyCache, realm: Realm, clock: Clock) -> None:
    for clock.now in (0, 1, 300, 600):
        assert await keys.key("key-1") is not None
    assert len(realm.requests) == 1
    clock.now = 601
    assert await keys.key("key-1") is not None
    assert len(realm.requests) == 2


async def test_many_at_once_ask_once(keys: KeyCache, realm: Realm) -> None:
    found = await asyncio.gather(*(keys.key("key-1") for _ in range(50)))
    assert all(found)
    assert len(realm.requests) == 1


async def test_unknown_keys_ask_once_in_thirty_seconds(keys: KeyCache, realm: Realm, clock: Clock) -> None:
    await keys.refresh()
    for number in range(1000):
        clock.now = number / 20  # 50 seconds of junk
        assert await keys.key(f"junk-{number}") is None
    assert len(realm.requests) == 3


async def test_a_rotation_is_noticed_with_the_first_new_token(keys: KeyCache, realm: Realm, clock: Clock) -> None:
    await keys.refresh()
    realm.rotate()
    clock.now = 10
    assert await keys.key("key-2") is not None
    assert await keys.key("key-1") is None


async def test_outage(keys: KeyCache, realm: Realm, clock: Clock) -> None:
    await keys.refresh()
    realm.down = True
    clock.now = 86_400
    assert await keys.key("key-1") is not None
    clock.now = 86_400.1
    with pytest.raises(KeycloakUnavailable, match="try again"):
        await keys.key("key-1")
    realm.down = False
    clock.now += 30
    assert await keys.key("key-1") is not None


async def test_outage_does_not_make_everyone_wait(keys: KeyCache, realm: Realm, clock: Clock) -> None:
    await keys.refresh()
    realm.down = True
    for clock.now in (700, 701, 729):
        assert await keys.key("key-1") is not None
    assert len(realm.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://evil.example/"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": ["x", {"kid": "k", "kty": "oct", "k": "AAAA", "alg": "HS256"}]}),
        httpx.Response(200, json={"keys": [{**public("k", RSA_KEYS[0]), "use": "enc"}]}),
        httpx.Response(200, json={"keys": [{"kid": "k", "kty": "RSA", "alg": "RS256", "n": "!", "e": "AQAB"}]}),
    ],
)
async def test_unusable_answers(answer: httpx.Response, clock: Clock) -> None:
    """A foreign or broken answer is no set of keys."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(KeycloakUnavailable):
        await KeyCache(ENDPOINTS.certs, http, clock).refresh()


async def test_watch_tells_when_log_in_is_possible(keys: KeyCache, realm: Realm) -> None:
    watch = KeycloakWatch(keys)
    realm.down = True
    await watch.ask()
    assert watch.state() == "starting"
    realm.down = False
    await watch.ask()
    assert watch.state() == "ready"
    realm.down = True
    await watch.ask()
    assert watch.state() == "starting"


async def test_watch_keeps_asking(keys: KeyCache, realm: Realm) -> None:
    watch = KeycloakWatch(keys, starting_s=0, ready_s=0)
    realm.down = True
    running = asyncio.create_task(watch.run())
    try:
        await until(lambda: len(realm.requests) >= 3)
        realm.down = False
        await until(lambda: watch.state() == "ready")
    finally:
        running.cancel()
