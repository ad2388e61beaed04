"""Browser sessions: how long they live, who ends them, and what their file gives away."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.hub.identity.realm import SECRET, Clock, Realm, log_in

from cityhub.hub.errors import StorageUnusable
from cityhub.hub.identity.errors import KeycloakUnavailable, LogInFailed
from cityhub.hub.identity.oidc import OidcClient
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import Ending
from cityhub.kpi.store.database import Database

HOUR = 3600


async def test_the_browser_is_sent_to_the_public_address(oidc: OidcClient) -> None:
    url, state, sealed = oidc.begin("/", "en")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("http://127.0.0.1:8000/auth/realms/cityhub/protocol/openid-connect/auth?")
    assert query["redirect_uri"] == "http://127.0.0.1:8000/login/callback"
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["state"] == state
    assert query["ui_locales"] == "en"
    assert SECRET not in url
    assert query["nonce"] not in sealed


async def test_code_is_exchanged_with_the_verifier_of_the_challenge(realm: Realm, oidc: OidcClient) -> None:
    grant = await log_in(realm, oidc)
    assert grant.principal.subject == "person-1"
    assert grant.sid == "sid-1"
    assert len(realm.forms[0]["code_verifier"]) >= 43
    assert "refresh" not in repr(grant)


async def test_a_log_in_that_is_not_this_browsers(realm: Realm, oidc: OidcClient, clock: Clock) -> None:
    url, state, sealed = oidc.begin("/", "de")
    nonce = parse_qs(urlsplit(url).query)["nonce"][0]
    realm.codes = {"code-1": nonce, "code-2": "another nonce"}
    _, other_state, other_sealed = oidc.begin("/", "de")
    for code, given_state, given_sealed in [
        ("code-1", other_state, sealed),
        ("code-1", state, other_sealed),
        ("code-1", "", sealed),
        ("code-1", "ü", sealed),
        ("code-1", state, ""),
        ("code-1", state, "ü" * 9),
        ("code-1", state, sealed[:-4]),
        ("unknown code", state, sealed),
        ("code-2", state, sealed),
    ]:
        with pytest.raises(LogInFailed):
            await oidc.finish(code=code, state=given_state, sealed=given_sealed)
    clock.now += 601
    with pytest.raises(LogInFailed, match="10 minutes"):
        await oidc.finish(code="code-1", state=state, sealed=sealed)


async def test_keycloak_is_away_while_somebody_logs_in(realm: Realm, oidc: OidcClient) -> None:
    _, state, sealed = oidc.begin("/", "de")
    realm.down = True
    with pytest.raises(KeycloakUnavailable):
        await oidc.finish(code="code-1", state=state, sealed=sealed)


async def test_a_session_lives_eight_hours_without_use(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    clock.now += 8 * HOUR - 1
    assert await sessions.principal(session_id) is not None
    clock.now += 8 * HOUR
    assert await sessions.principal(session_id) is None


async def test_a_session_lives_twelve_hours_at_most(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    for _ in range(2):
        clock.now += 5 * HOUR
        assert await sessions.principal(session_id) is not None
    clock.now += 2 * HOUR
    assert await sessions.principal(session_id) is None


async def test_keycloak_is_asked_every_five_minutes(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    asked = realm.requests.count("token")
    clock.now += 299
    principal = await sessions.principal(session_id)
    assert principal is not None
    assert realm.requests.count("token") == asked
    clock.now += 1
    realm.roles = ["controller"]
    found = await asyncio.gather(*(sessions.principal(session_id) for _ in range(20)))
    assert {entry.roles for entry in found if entry} == {frozenset({"controller"})}
    assert None not in found
    assert realm.requests.count("token") == asked + 1  # a refresh token works only once
    assert found[0] is not None
    assert found[0].expires_at == clock.now + 300


async def test_whoever_is_disabled_is_out_within_five_minutes(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    realm.sessions.clear()
    clock.now += 300
    assert await sessions.principal(session_id) is None
    realm.sessions.add("sid-1")
    assert await sessions.principal(session_id) is None


async def test_an_outage_of_keycloak_is_bridged_for_half_an_hour(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    realm.down = True
    clock.now += 1799
    principal = await sessions.principal(session_id)
    assert principal is not None
    assert principal.expires_at > clock.now
    clock.now += 1
    assert await sessions.principal(session_id) is None
    realm.down = False
    assert await sessions.principal(session_id) is not None


async def test_log_out_ends_it_here_and_at_keycloak(realm: Realm, oidc: OidcClient, sessions: BrowserSessions) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    await sessions.close(session_id)
    assert await sessions.principal(session_id) is None
    assert not realm.sessions
    await sessions.close(session_id)


async def test_log_out_works_while_keycloak_is_away(realm: Realm, oidc: OidcClient, sessions: BrowserSessions) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    realm.down = True
    await sessions.close(session_id)
    assert await sessions.principal(session_id) is None


async def test_keycloak_ends_sessions(realm: Realm, oidc: OidcClient, sessions: BrowserSessions) -> None:
    first = await sessions.open(await log_in(realm, oidc, "code-1"))
    second = await sessions.open(await log_in(realm, oidc, "code-2"))
    assert await sessions.end(Ending("another", "person-1")) == 0
    assert await sessions.end(Ending("sid-1", "person-1")) == 2
    assert await sessions.principal(first) is await sessions.principal(second) is None
    third = await sessions.open(await log_in(realm, oidc))
    assert await sessions.end(Ending("", "person-1")) == 1
    assert await sessions.principal(third) is None


@pytest.mark.parametrize("guess", ["x", "x" * 43, "x" * 100_000, "ü", "' OR 1=1 --", "\x00"])
async def test_guessed_ids(guess: str, realm: Realm, oidc: OidcClient, sessions: BrowserSessions) -> None:
    await sessions.open(await log_in(realm, oidc))
    assert await sessions.principal(guess) is None


async def test_the_file_gives_nothing_away(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, store: SessionStore, tmp_path: Path
) -> None:
    session_id = await sessions.open(await log_in(realm, oidc))
    store.close()
    stored = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.iterdir()))
    assert b"person-1" in stored  # Keycloak's id, so that it can end sessions
    for secret in (session_id, "refresh-", "Lea", "leitung"):
        assert secret.encode() not in stored
    assert (tmp_path / "web.db").stat().st_mode & 0o077 == 0


async def test_sessions_survive_a_restart(realm: Realm, oidc: OidcClient, clock: Clock, tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "web.db")
    session_id = await BrowserSessions(store, oidc, clock).open(await log_in(realm, oidc))
    store.close()
    store = SessionStore(tmp_path / "web.db")
    assert await BrowserSessions(store, oidc, clock).principal(session_id) is not None
    store.close()


async def test_a_full_disk(
    realm: Realm, oidc: OidcClient, sessions: BrowserSessions, store: SessionStore, tmp_path: Path
) -> None:
    """Whoever is logged in stays so for half an hour, and no refresh token is used up that could not be replaced."""
    session_id, asked = await sessions.open(await log_in(realm, oidc)), len(realm.requests)
    with closing(store), closing(Database(tmp_path / "web.db", read_only=True)) as store._opened:
        realm.clock.now += 301
        assert await sessions.principal(session_id) is not None
        realm.clock.now += 1500
        assert await sessions.principal(session_id) is None
    assert len(realm.requests) == asked


async def test_sweep(realm: Realm, oidc: OidcClient, sessions: BrowserSessions, clock: Clock) -> None:
    await sessions.open(await log_in(realm, oidc))
    assert await sessions.sweep() == 0
    clock.now += 8 * HOUR + 1
    assert await sessions.sweep() == 1


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "web.db"
    path.write_text("this is not a database, " * 100)
    with pytest.raises(StorageUnusable, match=r"web\.db"):
        SessionStore(path)
