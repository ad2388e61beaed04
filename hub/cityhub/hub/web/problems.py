"""Refusals of log-in and tokens as problem documents."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cityhub.api.problem import problem
from cityhub.hub.identity.errors import KeycloakUnavailable, TokenRefused

REALM = 'Bearer realm="cityhub"'


def refused(error: TokenRefused) -> Response:
    """401 with the challenge of RFC 6750 §3; a header without a bearer token gets it without an error (§3.1)."""
    challenge = (
        REALM if error.reason == "scheme" else f'{REALM}, error="invalid_token", error_description="{_quotable(error)}"'
    )
    return problem(HTTPStatus.UNAUTHORIZED, str(error), headers={"WWW-Authenticate": challenge}, code=error.reason)


def keycloak_missing(error: KeycloakUnavailable) -> Response:
    """503: nothing can be said about the caller yet."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "10"}, code="keycloak_unavailable"
    )


def _quotable(error: TokenRefused) -> str:
    return str(error).encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")
