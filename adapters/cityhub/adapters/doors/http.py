"""`POST /v1/events`: a partner's events by HTTP, answered when the broker has them.

Source of the rules: CloudEvents 1.0.2 HTTP binding (structured, binary, batch), RFC 9457 (problems), docs/doors.md.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from structlog.contextvars import get_contextvars

from cityhub.adapters.doors import tally
from cityhub.adapters.doors.limits import Busy, Gauge, TooMany
from cityhub.adapters.doors.outcomes import Admitted, RecordWriter, admission
from cityhub.adapters.doors.sequence import origins
from cityhub.bus import trace_context
from cityhub.bus.errors import BusError, BusRefused
from cityhub.bus.letters import Came, letter
from cityhub.bus.publisher import Outgoing
from cityhub.bus.topics import PARTNERS, dead_letters
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import Outcome, refusal
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.principal import Principal
from cityhub.sdk.problem import MEDIA_TYPE, document

MOST_EVENTS = 1_000
"""Of one request."""
PUBLISHER = "partner-publisher"
RETRY_S = 5
_KINDS = f"{codec.STRUCTURED}, {codec.BATCH}, or application/json with ce- headers"
_items = msgspec.json.Decoder(list[msgspec.Raw])


class _Item(Struct, frozen=True):
    """An event as it came, and what the door says of it."""

    body: bytes
    came: Came
    found: Admitted | RejectedEvent


class HttpDoor:
    """The route's handler.

    Args:
        writer: of the hub; events and dead letters go through it.
        clock: now, with time zone.
    """

    def __init__(self, contracts: Contracts, writer: RecordWriter, gauge: Gauge, clock: Callable[[], datetime]) -> None:
        self._contracts = contracts
        self._writer = writer
        self._gauge = gauge
        self._clock = clock

    async def answer(self, request: Request, principal: Principal | None) -> Response:
        """Judge, write, and say what became of each event."""
        try:
            partner = partner_of(principal)
            only_judge = _only_judge(request.query_params)
            body = await request.body()
            bodies = bodies_of(request.headers, body)
            came = _came(request.headers, bodies, _trace(request))
            self._gauge.admit(partner, len(bodies))
            with self._gauge.holding(len(body)):
                return await self._handled(list(zip(bodies, came, strict=True)), partner, only_judge=only_judge)
        except Refused as refused:
            return _problem(refused.status, str(refused), refused.headers)
        except TooMany as error:
            return _problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), _later(error.retry_after_s))
        except (Busy, BusError) as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, _not_acknowledged(error), _later(RETRY_S))

    async def _handled(self, events: Sequence[tuple[bytes, Came]], partner: str, *, only_judge: bool) -> Response:
        now, begun = self._clock(), time.perf_counter()
        items = [_Item(body, came, admission(body, came, self._contracts, partner, now)) for body, came in events]
        if only_judge:
            return answer_of([self._outcome(index, item, None) for index, item in enumerate(items)], HTTPStatus.OK)
        await self._bury(items, partner)
        places = await self._write(items)
        tally.accepted("http", partner, len(places), time.perf_counter() - begun)
        outcomes = [self._outcome(index, item, places.get(index)) for index, item in enumerate(items)]
        return answer_of(outcomes, HTTPStatus.ACCEPTED)

    async def _bury(self, items: Sequence[_Item], partner: str) -> None:
        refused = [(item, item.found) for item in items if isinstance(item.found, RejectedEvent)]
        if refused:
            letters = [letter(item.body, why, item.came, self._contracts) for item, why in refused]
            await self._writer.send(dead_letters(partner).name, letters)
            tally.rejected("http", partner, Counter(why.reason for _, why in refused))

    async def _write(self, items: Sequence[_Item]) -> dict[int, tuple[str, int, int]]:
        """Topic, partition and offset of each accepted event, by its index."""
        by_topic: dict[str, list[tuple[int, Outgoing]]] = {}
        for index, item in enumerate(items):
            if isinstance(item.found, Admitted):
                by_topic.setdefault(item.found.topic, []).append((index, item.found.record))
        places: dict[int, tuple[str, int, int]] = {}
        for topic, some in by_topic.items():
            done = await self._writer.send(topic, [record for _, record in some])
            places |= {index: (topic, *place) for (index, _), place in zip(some, done, strict=True)}
        return places

    def _outcome(self, index: int, item: _Item, place: tuple[str, int, int] | None) -> Outcome:
        found = item.found
        if isinstance(found, RejectedEvent):
            return refusal(index, item.body, found, self._contracts)
        if place is None:
            return Outcome(index=index, status="valid", id=found.event.id, topic=found.topic)
        topic, part, off = place
        return Outcome(index=index, status="accepted", id=found.event.id, topic=topic, partition=part, offset=off)


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """A request that is refused as a whole.

    Attributes:
        status, headers: of the answer.
    """

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def partner_of(principal: Principal | None) -> str:
    """Whose events a caller hands in: the organisation of its token, and nothing that the request says.

    Raises:
        Refused: 401 or 403, who is no partner's publisher.
    """
    if principal is None:
        text = "events need a token: client credentials of your organisation, as `cityhub partner onboard` printed them"
        raise Refused(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
    if PUBLISHER not in principal.roles:
        raise Refused(HTTPStatus.FORBIDDEN, f"this account lacks the role {PUBLISHER}; ask the hub's operator")
    if principal.organisation not in PARTNERS:
        text = "this account belongs to no partner: its token has no claim organisation; ask the hub's operator"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    return principal.organisation


def _only_judge(query: Mapping[str, str]) -> bool:
    said = query.get("validateOnly", "false")
    if said not in {"true", "false"}:
        raise Refused(HTTPStatus.BAD_REQUEST, f"validateOnly={said[:20]}: write true or false")
    return said == "true"


def _not_acknowledged(error: Busy | BusError) -> str:
    if isinstance(error, Busy):
        return "the hub waits for Kafka with as many bytes as it may hold; send the same again"
    if isinstance(error, BusRefused):
        return f"Kafka refuses what the hub writes, its operator must mend that: {error}"
    return f"not acknowledged: {error}. Send all of it again with the same ids: what was written counts once"


def _later(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def bodies_of(headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """The request's events in structured mode, unread.

    Raises:
        Refused: it is of another kind, no array, empty, or has too many.
    """
    kind = _kind(headers)
    if kind == codec.STRUCTURED:
        return [body]
    if kind == "application/json":
        return [codec.as_structured(headers, body)]
    if kind != codec.BATCH:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type {kind[:80]!r}: send {_KINDS}")
    try:
        items = _items.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is not a JSON array of events: {error}") from error
    if not items:
        raise Refused(HTTPStatus.BAD_REQUEST, "the array is empty: send at least one event")
    if len(items) > MOST_EVENTS:
        text = f"{len(items)} events in one request, at most {MOST_EVENTS} are taken: send several requests"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    return [bytes(item) for item in items]


def _trace(request: Request) -> str:
    """The caller's trace goes on; without one it begins with this request and has its id."""
    own = request.scope.get("state", {}).get("request_id") or uuid4().hex
    return trace_context.continued(trace_context.of_request(request.scope["headers"]), own)


def _came(headers: Mapping[str, str], bodies: Sequence[bytes], trace: str) -> list[Came]:
    """Where each event came in; the same for an event that is sent again, but for its trace.

    Raises:
        Refused: the sender numbers them wrongly.
    """
    try:
        numbered = origins(headers, len(bodies))
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
    return [Came("http", one, trace=trace) for one in numbered or (hashlib.sha256(body).hexdigest() for body in bodies)]


def answer_of(outcomes: Sequence[Outcome], status: HTTPStatus) -> Response:
    """What became of each event of a request; 422 where all were refused. Args: status = else."""
    refused = [one for one in outcomes if one.status == "rejected"]
    told = {"accepted": len(outcomes) - len(refused), "rejected": len(refused), "results": outcomes}
    if len(refused) < len(outcomes):
        return Response(msgspec.json.encode(told), status, media_type="application/json")
    first = msgspec.to_builtins(refused[0])
    more = {name: first[name] for name in ("reason", "pointer", "contract") if name in first}
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, first["detail"], members=more | told)


def _problem(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, members: Mapping[str, Any] | None = None
) -> Response:
    known = {name: one for name, one in get_contextvars().items() if name == "request_id"}
    return Response(document(status, detail, **known, **(members or {})), status, headers, media_type=MEDIA_TYPE)
