"""Name and flags of the two cookies: the session, and a log-in that waits for Keycloak's answer."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.responses import Response

from cityhub.hub.identity.oidc import PENDING_S
from cityhub.hub.identity.sessions import ABSOLUTE_S


class Cookies(Struct, frozen=True):
    """How this installation sets cookies.

    Attributes:
        secure: browsers take `Secure` cookies and the name prefix `__Host-` from this address.
    """

    secure: bool

    @classmethod
    def of_address(cls, public_url: str) -> Cookies:
        """Secure over https and on this machine itself.

        Source of the rule: browsers treat loopback addresses as trustworthy without TLS (W3C Secure Contexts §3.1). On
        any other http address they drop a `Secure` cookie, and nobody could log in.
        """
        parts = urlsplit(public_url)
        return cls(parts.scheme == "https" or _is_loopback(parts.hostname or ""))

    @property
    def session(self) -> str:
        """Name of the session cookie."""
        return self._prefix + "cityhub"

    def pending(self, state: str) -> str:
        """Name of the cookie of one log-in; each has its own, so that several tabs may log in at once."""
        return f"{self._prefix}cityhub-login-{sha256(state.encode()).hexdigest()[:12]}"

    def set_session(self, response: Response, session_id: str) -> None:
        """Give the browser its session."""
        self._set(response, self.session, session_id, ABSOLUTE_S)

    def set_pending(self, response: Response, state: str, sealed: str) -> None:
        """Give the browser its waiting log-in."""
        self._set(response, self.pending(state), sealed, PENDING_S)

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        self._set(response, name, "", 0)

    def _set(self, response: Response, name: str, value: str, max_age_s: int) -> None:
        # Lax, not Strict: the browser comes back from Keycloak's form and from links in mails with its session.
        response.set_cookie(name, value, max_age=max_age_s, path="/", secure=self.secure, httponly=True, samesite="lax")

    @property
    def _prefix(self) -> str:
        return "__Host-" if self.secure else ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
