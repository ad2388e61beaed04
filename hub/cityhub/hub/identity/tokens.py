"""Verify what Keycloak signed: access tokens, ID tokens and logout tokens.

Source of the rules: RFC 7519, RFC 8725, RFC 9068 §4, OpenID Connect Core §3.1.3.7 and Back-Channel Logout §2.6.
PyJWT alone would accept an ID token as an access token, a foreign `azp`, an `exp` of 10^30 and unknown header fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from msgspec import Struct

from cityhub.hub.identity.endpoints import API_AUDIENCE, WEB_CLIENT
from cityhub.hub.identity.errors import TokenRefused
from cityhub.hub.identity.jwks import ALGORITHMS, KeyCache
from cityhub.hub.identity.principal import principal_of_claims
from cityhub.sdk.principal import Principal

LARGEST_B = 8192
LEEWAY_S = 5
LONGEST_LIFE_S = 3600
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_KNOWN_CLIENT = re.compile(r"cityhub-web|cityhub-cli|(?:ingest|startup)-[a-z0-9-]{1,40}")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_HEADERS_WE_KNOW = {"alg", "typ", "kid"}
_TIMES = ("exp", "iat", "nbf")


class Ending(Struct, frozen=True):
    """What a logout token ends: one log-in session, or every one of a person where `sid` is empty."""

    sid: str
    subject: str


class TokenVerifier:
    """Verifies tokens of one realm.

    Args:
        issuer: the only `iss` accepted.
        clock: seconds since the epoch.
    """

    def __init__(self, keys: KeyCache, issuer: str, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    async def access(self, token: str) -> Principal:
        """Who is calling the hub's API.

        Raises:
            TokenRefused: not an access token for the hub, or not valid now.
            KeycloakUnavailable: no keys to verify it with.
        """
        claims = await self._verified(token, API_AUDIENCE, "Bearer")
        client = claims.get("azp")
        if not isinstance(client, str) or not _KNOWN_CLIENT.fullmatch(client):
            raise TokenRefused("client", "the token was issued to a client that may not use this API (claim azp)")
        return principal_of_claims(claims)

    async def id_token(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Claims of the ID token that answers the log-in with that nonce.

        Raises:
            TokenRefused, KeycloakUnavailable: as `access`.
        """
        claims = await self._verified(token, WEB_CLIENT, "ID")
        if claims.get("azp", WEB_CLIENT) != WEB_CLIENT:
            raise TokenRefused("client", "the ID token was issued to another client (claim azp)")
        if claims.get("nonce") != nonce:
            raise TokenRefused("claims", "the ID token answers another log-in (claim nonce): log in again")
        return claims

    async def logout_token(self, token: str) -> Ending:
        """What Keycloak asks to end.

        Raises:
            TokenRefused, KeycloakUnavailable: as `access`.
        """
        claims = await self._verified(token, WEB_CLIENT, "Logout")
        events, sid, subject = claims.get("events"), claims.get("sid", ""), claims.get("sub", "")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict) or "nonce" in claims:
            raise TokenRefused("claims", "not a back-channel logout token: claim events is wrong or nonce is present")
        if not isinstance(sid, str) or not isinstance(subject, str) or not (sid or subject):
            raise TokenRefused("claims", "the logout token names neither a session (sid) nor a person (sub)")
        return Ending(sid, subject)

    async def _verified(self, token: str, audience: str, kind: str) -> dict[str, Any]:
        key_id, algorithm = _header(token)
        key = await self._keys.key(key_id)
        if key is None:
            raise TokenRefused("unknown_key", "the token is signed with a key that this realm does not have (kid)")
        if key.algorithm_name != algorithm:
            raise TokenRefused("algorithm", f"the token says {algorithm}, its key is for {key.algorithm_name}")
        claims = self._decoded(token, key, audience)
        self._check_times(claims)
        if claims.get("typ") != kind:
            raise TokenRefused(
                "kind", f"this is not a token of kind {kind} (claim typ): send the access token, not another one"
            )
        return claims

    def _decoded(self, token: str, key: jwt.PyJWK, audience: str) -> dict[str, Any]:
        options: jwt.types.Options = {"require": ["exp", "iat", "iss", "aud"]}
        # The clock is ours, so times are checked by _check_times.
        options |= {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            return jwt.decode(
                token, key, algorithms=[key.algorithm_name], audience=audience, issuer=self._issuer, options=options
            )
        except jwt.InvalidSignatureError:
            raise TokenRefused(
                "signature", "the token's signature is wrong: it was changed or is not of this realm"
            ) from None
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefused("claims", f"the token has no claim {error.claim}") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("issuer", f"the token is of another issuer: fetch one from {self._issuer}") from None
        except jwt.InvalidAudienceError:
            raise TokenRefused("audience", f"the token is not meant for {audience} (claim aud)") from None
        except jwt.InvalidTokenError as error:
            raise TokenRefused("claims", f"the token's content is not acceptable ({type(error).__name__})") from None

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        """Whole seconds only: `true`, 1e400 and NaN are numbers in Python but no instants."""
        for name in _TIMES:
            if name in claims and type(claims[name]) is not int:
                raise TokenRefused("claims", f"claim {name} is not a whole number of seconds")
        now, issued, ends = self._clock(), claims["iat"], claims["exp"]
        if max(issued, claims.get("nbf", issued)) > now + LEEWAY_S:
            raise TokenRefused("not_yet_valid", "the token is not valid yet: compare the clocks of both machines")
        if ends <= now - LEEWAY_S:
            raise TokenRefused("expired", f"the token has expired: fetch a new one from {self._issuer}")
        if ends - issued > LONGEST_LIFE_S:
            raise TokenRefused(
                "lifetime", f"the token lives longer than {LONGEST_LIFE_S} s, no token of this realm does"
            )


def _header(token: str) -> tuple[str, str]:
    """Key id and algorithm of a token whose outer form is right.

    Raises:
        TokenRefused: a form or header that no token of the realm has.
    """
    if len(token) > LARGEST_B:
        raise TokenRefused("too_large", f"the token has {len(token)} characters, at most {LARGEST_B} are read")
    if not _FORM.fullmatch(token):
        raise TokenRefused(
            "malformed", "this is not a JSON Web Token: three base64url parts joined by dots are expected"
        )
    try:
        header = jwt.get_unverified_header(token)
    except jwt.DecodeError:
        raise TokenRefused("malformed", "the token is not readable: it was cut or changed") from None
    except jwt.InvalidTokenError:
        raise TokenRefused("header", "the token's header has fields that tokens of this realm do not have") from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenRefused("algorithm", f"the token's algorithm is not one of {', '.join(ALGORITHMS)}")
    unknown = header.keys() - _HEADERS_WE_KNOW
    if unknown or not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise TokenRefused(
            "header", "the token's header has fields that tokens of this realm do not have, or no usable kid"
        )
    return key_id, algorithm
