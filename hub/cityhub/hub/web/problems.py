"""Refusals of log-in and tokens as problem documents, and what is said while log-ins cannot be looked up."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import Response

from cityhub.api.problem import problem
from cityhub.hub.identity.errors import KeycloakUnavailable, TokenRefused
from cityhub.hub.web.pages import AWAY, page

_log = structlog.get_logger()
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


def sessions_missing(connection: HTTPConnection, error: Exception) -> Response:
    """503, for people as a page; the log alone says which database that is."""
    _log.warning("sessions_away", reason=str(error))
    status, again = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "10"}
    if "text/html" not in connection.headers.get("accept", ""):
        text = "the database of log-ins does not answer: nobody is logged out by that, try again in some seconds"
        return problem(status, text, headers=again, code="sessions_unavailable")
    found = page(connection, AWAY, status, connection.url.path if connection.scope.get("method") == "GET" else "/")
    found.headers.update(again)
    return found


def _quotable(error: TokenRefused) -> str:
    return str(error).encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")
