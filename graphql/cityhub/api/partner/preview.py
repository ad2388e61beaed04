"""`POST /v1/partner/preview`: which windows an event would change; nothing is written (docs/ledger.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.routing import Route

from cityhub.adapters.doors.http import Refused
from cityhub.api.app import PrincipalOf
from cityhub.api.partner.answering import answering
from cityhub.api.partner.asking import of_query, wrong
from cityhub.api.partner.who import Whose, partner_of
from cityhub.kpi.ledger.preview import Change
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_EVENT_BYTES, Event

_SEND = "send the new event, or the version before and the new one"
_events = msgspec.json.Decoder(list[msgspec.Raw])


class Preview(Protocol):
    """`kpi.ledger.preview.Previews`."""

    def preview(self, event: Event, before: Event | None, now: datetime) -> list[Change]: ...


class Told(Struct, frozen=True):
    """What would change. A window of `year-to-date` stands for all later days of its year, too."""

    id: str
    changes: list[Change]


class PreviewRoute:
    """The route's handler."""

    def __init__(
        self, preview: Preview, contracts: Contracts, principal_of: PrincipalOf, clock: Callable[[], datetime]
    ) -> None:
        self._preview = preview
        self._contracts = contracts
        self._principal_of = principal_of
        self._clock = clock

    def routes(self) -> list[Route]:
        """To be put on a server."""
        return [Route("/v1/partner/preview", answering(self._answer), methods=["POST"])]

    async def _answer(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, request.query_params.get("partner", ""))
        of_query(request.query_params, Whose)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        bodies = _bodies(kind, await request.body())
        now = self._clock()
        try:
            *before, event = [judged_bytes(body, self._contracts, partner, now) for body in bodies]
            found = await asyncio.to_thread(self._preview.preview, event, before[0] if before else None, now)
        except RejectedEvent as why:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"{why.reason}: {why}") from why
        return Told(event.id, found)


def _bodies(kind: str, body: bytes) -> list[bytes]:
    """The event, after the version before where there is one."""
    if len(body) > 2 * MAX_EVENT_BYTES + 16:
        text = f"{len(body)} bytes are more than two events may have; {_SEND}"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    if kind == codec.STRUCTURED:
        return [body]
    if kind != codec.BATCH:
        text = f"content-type {kind[:80]!r}: {_SEND}, as {codec.STRUCTURED} or {codec.BATCH}"
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)
    try:
        found = [bytes(one) for one in _events.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(f"the body is not a JSON array of events: {error}") from error
    if len(found) not in {1, 2}:
        raise wrong(f"{len(found)} events: {_SEND}")
    return found
