"""A realm in memory: signs tokens as Keycloak does and answers its back channel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.identity.oidc import OidcClient
from cityhub.hub.identity.session_store import Grant

ENDPOINTS = RealmEndpoints("http://127.0.0.1:8000", "http://127.0.0.1:18080")
NOW = 1_800_000_000
SECRET = "the-web-clients-secret"
RSA_KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class Clock:
    """Seconds that pass only when told."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Realm:
    """One realm with rotating keys, people who can be disabled, and a network that can fail."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.keys: dict[str, Any] = {"key-1": RSA_KEYS[0]}
        self.down = False
        self.requests: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.codes: dict[str, str] = {}
        """Nonce by code: what the browser would bring back."""
        self.roles = ["leadership", "offline_access"]
        self.sessions = {"sid-1"}
        self.refresh_tokens = {"refresh-0": "sid-1"}
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), trust_env=False)

    def rotate(self) -> None:
        """Withdraw the first key and sign with a new one."""
        self.keys = {"key-2": RSA_KEYS[1]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of a good access token; a change to None takes the claim out."""
        now = int(self.clock.now)
        claims = {
            "exp": now + 300,
            "iat": now,
            "jti": "token-1",
            "iss": ENDPOINTS.issuer,
            "aud": ["cityhub-api", "account"],
            "sub": "person-1",
            "typ": "Bearer",
            "azp": "cityhub-web",
            "sid": "sid-1",
            "realm_access": {"roles": self.roles},
            "scope": "openid profile",
            "name": "Lea Leitung",
            "preferred_username": "leitung",
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(
        self, *, headers: Mapping[str, Any] | None = None, key: Any = None, alg: str = "RS256", **changes: Any
    ) -> str:
        """Sign the claims with the realm's newest key, or another one."""
        kid = next(reversed(self.keys))
        return jwt.encode(self.claims(**changes), key or self.keys[kid], alg, {"kid": kid, **(headers or {})})

    def id_token(self, nonce: str, **changes: Any) -> str:
        return self.token(**{"typ": "ID", "aud": "cityhub-web", "nonce": nonce, "realm_access": None, **changes})

    def logout_token(self, **changes: Any) -> str:
        event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        changed = {"typ": "Logout", "aud": "cityhub-web", "azp": None, "events": event, **changes}
        return self.token(headers={"typ": "logout+jwt"}, **changed)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # a network lets others go first
        name = request.url.path.rpartition("/")[2]
        self.requests.append(name)
        if self.down:
            raise httpx.ConnectError("connection refused", request=request)
        if name == "certs":
            return httpx.Response(200, json={"keys": [public(kid, key) for kid, key in self.keys.items()]})
        if name not in {"token", "logout"}:
            return self.page(request)
        form = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        if request.headers["authorization"] != httpx.BasicAuth("cityhub-web", SECRET)._auth_header:
            return httpx.Response(401, json={"error": "unauthorized_client"})
        if name == "logout":
            self.sessions.discard(self.refresh_tokens.get(form["refresh_token"], ""))
            return httpx.Response(204)
        return self._token(form, request)

    def page(self, request: httpx.Request) -> httpx.Response:
        """Any other address tells what arrived."""
        told = {
            "method": request.method,
            "url": str(request.url),
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": request.content.decode(),
        }
        headers = [("Content-Security-Policy", "frame-src 'self'"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        headers += [("Connection", "X-Inner"), ("X-Inner", "1"), ("Content-Type", "application/json")]
        return httpx.Response(200, headers=headers, stream=OnTheWire(json.dumps(told).encode()))

    def _token(self, form: dict[str, str], request: httpx.Request) -> httpx.Response:
        refused = httpx.Response(400, json={"error": "invalid_grant"}, request=request)
        if form["grant_type"] == "refresh_token":
            if self.refresh_tokens.pop(form["refresh_token"], None) not in self.sessions:
                return refused
            nonce = ""
        elif form["code"] in self.codes:
            nonce = self.codes.pop(form["code"])
        else:
            return refused
        refresh = f"refresh-{len(self.forms)}"
        self.refresh_tokens[refresh] = "sid-1"
        tokens = {"access_token": self.token(), "refresh_token": refresh, "id_token": self.id_token(nonce)}
        return httpx.Response(200, json=tokens, request=request)


class OnTheWire(httpx.AsyncByteStream):
    """A body that has not been read yet."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def public(kid: str, key: Any) -> dict[str, Any]:
    """The key as the realm lists it."""
    algorithm, name = (ECAlgorithm, "ES256") if isinstance(key, ec.EllipticCurvePrivateKey) else (RSAAlgorithm, "RS256")
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": name}


async def log_in(realm: Realm, oidc: OidcClient, code: str = "code-1") -> Grant:
    """A person walks to the realm and back."""
    url, state, sealed = oidc.begin("/kpi/M01", "de")
    realm.codes[code] = parse_qs(urlsplit(url).query)["nonce"][0]
    grant, return_to = await oidc.finish(code=code, state=state, sealed=sealed)
    assert return_to == "/kpi/M01"
    return grant
