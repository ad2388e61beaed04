"""Every wrong token is refused, for the right reason, and the right ones make the right principal."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.unit.hub.identity.realm import EC_KEY, ENDPOINTS, NOW, RSA_KEYS, Clock, Realm

from cityhub.hub.identity.errors import KeycloakUnavailable, TokenRefused
from cityhub.hub.identity.jwks import KeyCache
from cityhub.hub.identity.tokens import Ending, TokenVerifier


@pytest.fixture
def realm() -> Realm:
    return Realm(Clock())


@pytest.fixture
def verifier(realm: Realm) -> TokenVerifier:
    return TokenVerifier(KeyCache(ENDPOINTS.certs, realm.http, Clock(0)), ENDPOINTS.issuer, realm.clock)


def b64(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_claims(token: str, **changes: Any) -> str:
    """Changed after it was signed."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{b64({**claims, **changes})}.{signature}"


def hs256_with_public_key(realm: Realm) -> str:
    """Algorithm confusion: the public key, which everybody has, used as a shared secret."""
    pem = RSA_KEYS[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64({'alg': 'HS256', 'kid': 'key-1'})}.{b64(realm.claims())}"
    return f"{signed}.{b64(hmac.digest(pem, signed.encode(), 'sha256'))}"


WRONG: dict[str, tuple[Callable[[Realm], str], str]] = {
    "empty": (lambda r: "", "malformed"),
    "no token at all": (lambda r: "hunter2", "malformed"),
    "two dots": (lambda r: "..", "malformed"),
    "four parts": (lambda r: r.token() + ".x", "malformed"),
    "truncated in the payload": (lambda r: ".".join(r.token().split(".")[:2])[:-9], "malformed"),
    "truncated in the signature": (lambda r: r.token()[:-22], "signature"),
    "header is no JSON": (lambda r: "AAAA." + r.token().partition(".")[2], "malformed"),
    "header is a list": (lambda r: f"{b64([])}." + r.token().partition(".")[2], "malformed"),
    "100 kB": (lambda r: r.token(padding="x" * 100_000), "too_large"),
    "white space inside": (lambda r: r.token().replace(".", ". "), "malformed"),
    "alg none": (lambda r: f"{b64({'alg': 'none', 'kid': 'key-1'})}.{b64(r.claims())}.", "algorithm"),
    "alg None in another case": (lambda r: f"{b64({'alg': 'nOnE', 'kid': 'key-1'})}.{b64(r.claims())}.", "algorithm"),
    "HS256 with the public key": (hs256_with_public_key, "algorithm"),
    "RS512": (lambda r: r.token(alg="RS512"), "algorithm"),
    "ES256 with the id of an RSA key": (lambda r: r.token(alg="ES256", key=EC_KEY), "algorithm"),
    "unknown kid": (lambda r: r.token(headers={"kid": "key-9"}), "unknown_key"),
    "no kid": (lambda r: jwt.encode(r.claims(), RSA_KEYS[0], "RS256"), "header"),
    "kid with a path": (lambda r: r.token(headers={"kid": "../../dev/null"}), "header"),
    "kid of 10 kB": (lambda r: r.token(headers={"kid": "k" * 10_000}), "too_large"),
    "jku": (lambda r: r.token(headers={"jku": "https://evil.example/certs"}), "header"),
    "x5u": (lambda r: r.token(headers={"x5u": "https://evil.example/cert"}), "header"),
    "own key in the header": (lambda r: r.token(headers={"jwk": {"kty": "RSA"}}), "header"),
    "crit": (lambda r: f"{b64({'alg': 'RS256', 'kid': 'key-1', 'crit': ['exp']})}.{b64(r.claims())}.AAAA", "header"),
    "signed by somebody else": (lambda r: r.token(key=RSA_KEYS[1]), "signature"),
    "tampered payload": (lambda r: with_claims(r.token(), sub="person-2"), "signature"),
    "payload is no object": (lambda r: jwt.api_jws.encode(b"[1]", RSA_KEYS[0], "RS256", {"kid": "key-1"}), "claims"),
    "other issuer": (lambda r: r.token(iss="http://127.0.0.1:8000/auth/realms/master"), "issuer"),
    "issuer with a slash": (lambda r: r.token(iss=ENDPOINTS.issuer + "/"), "issuer"),
    "other audience": (lambda r: r.token(aud="cityhub-kafka"), "audience"),
    "audience as a part of a word": (lambda r: r.token(aud="cityhub-api-test"), "audience"),
    "no audience": (lambda r: r.token(aud=None), "claims"),
    "no issuer": (lambda r: r.token(iss=None), "claims"),
    "no exp": (lambda r: r.token(exp=None), "claims"),
    "no iat": (lambda r: r.token(iat=None), "claims"),
    "no sub": (lambda r: r.token(sub=None), "claims"),
    "sub is empty": (lambda r: r.token(sub=""), "claims"),
    "expired": (lambda r: r.token(exp=NOW - 5, iat=NOW - 300), "expired"),
    "nbf in the future": (lambda r: r.token(nbf=NOW + 6), "not_yet_valid"),
    "iat in the future": (lambda r: r.token(iat=NOW + 6), "not_yet_valid"),
    "exp of 10^30": (lambda r: r.token(exp=10**30), "lifetime"),
    "lives for a day": (lambda r: r.token(exp=NOW + 86_400), "lifetime"),
    "exp is a text": (lambda r: r.token(exp=str(NOW + 300)), "claims"),
    "exp is infinite": (lambda r: r.token(exp=float("inf")), "claims"),
    "exp is true": (lambda r: r.token(exp=True), "claims"),
    "ID token": (lambda r: r.id_token("n", aud=["cityhub-web", "cityhub-api"]), "kind"),
    "refresh token": (lambda r: r.token(typ="Refresh"), "kind"),
    "no typ": (lambda r: r.token(typ=None), "kind"),
    "foreign client": (lambda r: r.token(azp="some-other-app"), "client"),
    "client with a known beginning": (lambda r: r.token(azp="cityhub-web-evil"), "client"),
    "no client": (lambda r: r.token(azp=None), "client"),
    "client is a list": (lambda r: r.token(azp=["cityhub-web"]), "client"),
    "roles are a text": (lambda r: r.token(realm_access={"roles": "leadership"}), "claims"),
    "realm_access is a list": (lambda r: r.token(realm_access=["leadership"]), "claims"),
    "organisation with a wildcard": (lambda r: r.token(organisation="*"), "claims"),
    "name of 1 kB": (lambda r: r.token(name="x" * 1000), "claims"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_token(case: str, realm: Realm, verifier: TokenVerifier) -> None:
    make, reason = WRONG[case]
    token = make(realm)
    with pytest.raises(TokenRefused) as refused:
        await verifier.access(token)
    assert refused.value.reason == reason
    assert len(token) < 20 or token not in str(refused.value)


async def test_right_token(realm: Realm, verifier: TokenVerifier) -> None:
    principal = await verifier.access(realm.token(organisation="dvv"))
    assert principal.subject == "person-1"
    assert principal.organisation == "dvv"
    assert principal.roles == {"leadership"}  # what Keycloak adds for itself is not a role of the hub
    assert principal.scopes == {"openid", "profile"}
    assert principal.name == "Lea Leitung"
    assert principal.expires_at == NOW + 300


@pytest.mark.parametrize("client", ["cityhub-web", "cityhub-cli", "ingest-dvv", "startup-demo"])
async def test_known_clients(client: str, realm: Realm, verifier: TokenVerifier) -> None:
    assert (await verifier.access(realm.token(azp=client, aud="cityhub-api"))).subject == "person-1"


async def test_leeway_of_five_seconds(realm: Realm, verifier: TokenVerifier) -> None:
    assert await verifier.access(realm.token(iat=NOW - 300, exp=NOW - 4))
    assert await verifier.access(realm.token(iat=NOW + 5, nbf=NOW + 5))


async def test_elliptic_key(realm: Realm, verifier: TokenVerifier) -> None:
    realm.keys = {"key-ec": EC_KEY}
    assert await verifier.access(realm.token(alg="ES256"))


async def test_key_rotated_midway(realm: Realm, verifier: TokenVerifier) -> None:
    before = realm.token()
    assert await verifier.access(before)
    realm.rotate()
    assert await verifier.access(before)  # nobody has asked for the new key yet
    with pytest.raises(TokenRefused, match="kid"):
        await verifier.access(realm.token())  # within 30 s of the last question


async def test_nothing_is_said_without_keys(realm: Realm, verifier: TokenVerifier) -> None:
    realm.down = True
    with pytest.raises(KeycloakUnavailable):
        await verifier.access(realm.token())


async def test_id_token(realm: Realm, verifier: TokenVerifier) -> None:
    assert (await verifier.id_token(realm.id_token("n-1"), "n-1"))["sub"] == "person-1"
    for token, reason in [
        (realm.id_token("n-2"), "claims"),
        (realm.token(aud="cityhub-web", nonce="n-1"), "kind"),
        (realm.id_token("n-1", aud="cityhub-cli"), "audience"),
        (realm.id_token("n-1", azp="cityhub-cli"), "client"),
    ]:
        with pytest.raises(TokenRefused) as refused:
            await verifier.id_token(token, "n-1")
        assert refused.value.reason == reason


async def test_logout_token(realm: Realm, verifier: TokenVerifier) -> None:
    assert await verifier.logout_token(realm.logout_token()) == Ending("sid-1", "person-1")
    assert await verifier.logout_token(realm.logout_token(sid=None)) == Ending("", "person-1")
    for token, reason in [
        (realm.logout_token(nonce="n"), "claims"),
        (realm.logout_token(events={}), "claims"),
        (realm.logout_token(events="http://schemas.openid.net/event/backchannel-logout"), "claims"),
        (realm.logout_token(sid=None, sub=None), "claims"),
        (realm.logout_token(sid=7), "claims"),
        (realm.logout_token(aud="cityhub-cli"), "audience"),
        (realm.id_token("n"), "kind"),
    ]:
        with pytest.raises(TokenRefused) as refused:
            await verifier.logout_token(token)
        assert refused.value.reason == reason
