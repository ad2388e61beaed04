"""The event log of FIT-Connect: docs/adapters/city-applications.md.

Beside what was told, the delivery service notifies destinations, and deletes what is done: nobody asked for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5
from zlib import crc32

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.city.applications.keys import ALGORITHM
from cityhub.adapters.city.applications.mapping import DELIVERY, EVENTS, SERVICES
from cityhub.adapters.city.applications.wire import TYP
from cityhub.sandbox.city.chronicle import Page
from cityhub.sandbox.city.served.case_number import as_pseudonym, case_number
from cityhub.sandbox.city.served.endpoint import City, Served, answer, paged
from cityhub.sandbox.city.streams.story import Told

_STREAMS = ("applications",)
_SPACE = UUID("7d2f40a6-1c39-5c0e-8a55-2f6f0b1f7c03")
_DESTINATION = str(uuid5(_SPACE, "duisburg"))
_LEIKA = {service: key for key, service in SERVICES.items()}
_REJECTED, _NOTIFIED, _REPEATED = 8, 4, 16
"""One of so many is rejected, of one of so many more is said than was asked for, one of so many is said twice."""


def _page(page: Page, _: datetime) -> bytes:
    headers = {told.subject: _header(told) for told in page.items}
    tokens = [token for told in page.items for token in _tokens(told)]
    head = {"next": page.cursor, "more": page.more, "eventLog": tokens}
    return msgspec.json.encode(head | {"submissions": list(headers.values())})


def _header(told: Told) -> dict[str, object]:
    return {
        "submissionId": str(_submission(told)),
        "caseId": str(case_number(told)),
        "destinationId": _DESTINATION,
        "publicService": {
            "name": told.data["service"],
            "identifier": f"urn:de:fim:leika:leistung:{_LEIKA[told.data['service']]}",
        },
        "channel": told.data["channel"],
    }


def _tokens(told: Told) -> Iterator[str]:
    """Some are signed and said again."""
    number = crc32(told.subject.encode())
    if told.type.endswith(".submitted.v1"):
        issuer, event, more = DELIVERY, "submit-submission", "notify-submission"
    else:
        event, more = "accept-submission" if number % _REJECTED else "reject-submission", "delete-submission"
        issuer = _DESTINATION
    yield _token(told, issuer, event)
    if number % _NOTIFIED == 0:
        yield _token(told, DELIVERY, more)
    if number % _REPEATED == 1:
        yield _token(told, issuer, event)


def _token(told: Told, issuer: str, event: str) -> str:
    claims = {
        "jti": str(uuid5(_SPACE, "/".join((*told.key, event)))),
        "iss": issuer,
        "iat": told.time.timestamp(),
        "sub": f"submission:{_submission(told)}",
        "txn": f"case:{case_number(told)}",
        "events": {f"{EVENTS}{event}": {}},
    }
    return jwt.encode(claims, _key(issuer), ALGORITHM, {"typ": TYP, "kid": _kid(issuer)})


def _submission(told: Told) -> UUID:
    return uuid5(_SPACE, told.subject)


def _kid(issuer: str) -> str:
    """Another one of another key."""
    return str(uuid5(_SPACE, str(_key(issuer).public_key().public_numbers().n)))


@lru_cache
def _key(issuer: str) -> rsa.RSAPrivateKey:
    """Made anew whenever the city begins: nobody has to keep a secret of it."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _jwks() -> bytes:
    keys = (
        RSAAlgorithm.to_jwk(_key(issuer).public_key(), as_dict=True)
        | {"alg": ALGORITHM, "use": "sig", "kid": _kid(issuer), "iss": issuer}
        for issuer in (DELIVERY, _DESTINATION)
    )
    return msgspec.json.encode({"keys": list(keys)})


def _serve(city: City) -> Sequence[Route]:
    async def keys(request: Request) -> Response:
        return answer(request, _jwks(), "application/jwk-set+json", city.clock())

    log = paged("/city/applications/events", _STREAMS, "after", _page, "application/json")
    return [*log(city), Route("/city/applications/.well-known/jwks.json", keys)]


SERVED = Served(feed="city.applications", streams=_STREAMS, serve=_serve, arrives=as_pseudonym)
