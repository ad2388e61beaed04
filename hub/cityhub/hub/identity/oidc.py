"""Log-in of people at Keycloak: authorisation code with PKCE (S256), state and nonce, as a confidential client.

Source of the rules: OpenID Connect Core §3.1, RFC 9700 (OAuth security best practice). Only the code and the state
travel through the browser's address bar; the rest waits sealed in a short-lived cookie.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from secrets import compare_digest, token_urlsafe
from typing import Any

import httpx
import msgspec
from authlib.oauth2 import OAuth2Client, OAuth2Error
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct

from cityhub.hub.identity.endpoints import WEB_CLIENT, RealmEndpoints
from cityhub.hub.identity.errors import KeycloakUnavailable, LogInFailed, TokenRefused
from cityhub.hub.identity.session_store import Grant
from cityhub.hub.identity.tokens import TokenVerifier

PENDING_S = 600
CALLBACK_PATH = "/login/callback"
_TIMEOUT_S = 10.0


class Pending(Struct, frozen=True):
    """A log-in between the click and Keycloak's answer."""

    state: str
    nonce: str
    verifier: str
    return_to: str


class GrantEnded(LogInFailed):
    """Keycloak does not renew the grant: logged out, disabled or expired."""


class OidcClient:
    """The hub as a client of the realm.

    Args:
        session_key: the installation's secret that seals pending log-ins.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        endpoints: RealmEndpoints,
        verifier: TokenVerifier,
        http: httpx.AsyncClient,
        *,
        client_secret: str,
        session_key: str,
        clock: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._verifier = verifier
        self._http = http
        self._auth = httpx.BasicAuth(WEB_CLIENT, client_secret)
        self._box = Fernet(urlsafe_b64encode(sha256(b"cityhub pending log-in\0" + session_key.encode()).digest()))
        self._clock = clock
        self._callback = endpoints.public_url + CALLBACK_PATH

    def begin(self, return_to: str, language: str) -> tuple[str, str, str]:
        """Start a log-in.

        Args:
            return_to: path on this origin to show afterwards.
            language: of Keycloak's form, `de` or `en`.

        Returns:
            Keycloak's address to go to, the state, and the sealed pending log-in for this browser's cookie.
        """
        pending = Pending(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), return_to)
        client = OAuth2Client(
            None,
            client_id=WEB_CLIENT,
            scope="openid profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
        )
        url, state = client.create_authorization_url(
            self._endpoints.authorize,
            state=pending.state,
            nonce=pending.nonce,
            code_verifier=pending.verifier,
            ui_locales=language,
        )
        return url, state, self._box.encrypt_at_time(msgspec.json.encode(pending), int(self._clock())).decode()

    async def finish(self, *, code: str, state: str, sealed: str) -> tuple[Grant, str]:
        """End a log-in: exchange the code and verify what comes back.

        Returns:
            The grant and where to go.

        Raises:
            LogInFailed: not this browser's log-in, older than 10 minutes, or a code that Keycloak refuses.
            KeycloakUnavailable: no answer.
        """
        pending = self._opened(sealed)
        if not compare_digest(pending.state.encode(), state.encode()):
            raise LogInFailed("the answer belongs to another log-in (state)")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": pending.verifier,
        }
        answer = await self._tokens(form)
        try:
            claims = await self._verifier.id_token(str(answer.get("id_token", "")), pending.nonce)
            grant = await self._grant(answer, sid=str(claims.get("sid", "")))
        except TokenRefused as error:
            raise LogInFailed(f"Keycloak's answer is not acceptable ({error.reason}): {error}") from error
        if claims.get("sub") != grant.principal.subject:
            raise LogInFailed("Keycloak's two tokens name different people")
        return grant, pending.return_to

    async def renew(self, grant: Grant) -> Grant:
        """Ask Keycloak whether the log-in still stands, and with which roles.

        Raises:
            GrantEnded: it does not.
            KeycloakUnavailable: no answer.
        """
        try:
            answer = await self._tokens({"grant_type": "refresh_token", "refresh_token": grant.refresh_token})
            return await self._grant(answer, sid=grant.sid)
        except (LogInFailed, TokenRefused) as error:
            raise GrantEnded(str(error)) from error

    async def end(self, grant: Grant) -> None:
        """End the log-in at Keycloak too, over the back channel: an ID token as a hint in a URL would show a name.

        Raises:
            KeycloakUnavailable: it could not be ended there.
        """
        try:
            answer = await self._http.post(
                self._endpoints.end_session,
                data={"refresh_token": grant.refresh_token},
                auth=self._auth,
                timeout=_TIMEOUT_S,
            )
        except httpx.HTTPError as error:
            raise KeycloakUnavailable(f"Keycloak did not end the session: {type(error).__name__}") from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise KeycloakUnavailable(f"Keycloak did not end the session: HTTP {answer.status_code}")

    def _opened(self, sealed: str) -> Pending:
        try:
            content = self._box.decrypt_at_time(sealed.encode(), PENDING_S, int(self._clock()))
            return msgspec.json.decode(content, type=Pending)
        except (InvalidToken, msgspec.MsgspecError):
            raise LogInFailed(
                "this browser has no log-in that waits for an answer, or it waited longer than 10 minutes"
            ) from None

    async def _tokens(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            answer = await self._http.post(self._endpoints.token, data=form, auth=self._auth, timeout=_TIMEOUT_S)
            tokens: dict[str, Any] = OAuth2Client(None).parse_response_token(answer)
        except OAuth2Error as error:
            if error.error == "invalid_grant":
                raise LogInFailed("Keycloak refuses the code or refresh token (invalid_grant)") from error
            raise KeycloakUnavailable(f"Keycloak refuses the hub's own client {WEB_CLIENT} ({error.error})") from error
        except (httpx.HTTPError, ValueError) as error:
            raise KeycloakUnavailable(f"Keycloak's token endpoint does not answer: {type(error).__name__}") from error
        return tokens

    async def _grant(self, answer: dict[str, Any], *, sid: str) -> Grant:
        principal = await self._verifier.access(str(answer.get("access_token", "")))
        return Grant(
            principal=principal, sid=sid, refresh_token=str(answer.get("refresh_token", "")), granted_at=self._clock()
        )
