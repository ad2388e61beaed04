"""Errors of identity, by who can do something about them.

IdentityError
├── TokenRefused       the caller: the token is not one of ours, not for us or not valid any more
├── LogInFailed        the person: log in again
├── KeycloakUnavailable  wait: Keycloak is not there (yet), so nothing can be said about the caller
└── SessionsUnavailable  wait: the database of log-ins is not there, so nothing can be said about a browser
"""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "algorithm",
    "audience",
    "claims",
    "client",
    "expired",
    "header",
    "issuer",
    "kind",
    "lifetime",
    "malformed",
    "not_yet_valid",
    "scheme",
    "signature",
    "too_large",
    "unknown_key",
]


class IdentityError(Exception):
    """Root of everything this package raises."""


class TokenRefused(IdentityError):  # noqa: N818 - a verdict
    """A token was looked at and not accepted.

    Attributes:
        reason: stable code of what was wrong; the message says what to do and never quotes the token.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class LogInFailed(IdentityError):  # noqa: N818 - a verdict
    """The answer of the log-in page does not belong to a log-in of this browser, or came too late."""


class KeycloakUnavailable(IdentityError):  # noqa: N818 - a state of the world
    """Keycloak did not answer, or not as Keycloak does."""


class SessionsUnavailable(IdentityError):  # noqa: N818 - a state of the world
    """The database of log-ins cannot be used now; nobody is logged out by that."""
