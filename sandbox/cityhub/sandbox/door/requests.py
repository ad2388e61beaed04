"""What requests to a room say, read strictly: one entry per address and method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cityhub.adapters.doors.http import Refused, answer_of, bodies_of
from cityhub.api.partner.asking import of_query
from cityhub.kpi.values import WindowKind
from cityhub.sandbox.door.caller import Caller
from cityhub.sandbox.errors import SpecRefused, TooMuch
from cityhub.sandbox.rooms import commands
from cityhub.sandbox.rooms.commands import Command
from cityhub.sandbox.rooms.service import Wish
from cityhub.sdk.door import Outcome

Asked = TypeVar("Asked")
MOST_QUERY_BYTES = 8 * 1024


def as_json(found: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """What a room says, as it says it."""
    return Response(found, status, media_type="application/json")


class Reading(NamedTuple):
    """An address below a tenant's, how a request to it becomes a command, and what a room says an answer."""

    method: str
    path: str
    read: Callable[[Request], Awaitable[Command]]
    answer: Callable[[bytes], Response] = as_json


class _NewTenant(Struct, frozen=True, forbid_unknown_fields=True):
    """Attributes: organisation = only for operators; key_days = None: as long as the tenant."""

    name: str
    days: int = 30
    organisation: str = ""
    key_days: int | None = None


class _NewKey(Struct, frozen=True, forbid_unknown_fields=True):
    key_days: int | None = None


class _Opening(Struct, frozen=True, forbid_unknown_fields=True):
    open: bool


class _Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    window: WindowKind | None = None
    scope: str = "city"
    limit: int = 100


class _Document(Struct, frozen=True, forbid_unknown_fields=True, rename={"operation": "operationName"}):
    query: str
    variables: dict[str, Any] | None = None
    operation: str | None = None
    extensions: dict[str, Any] | None = None


class _OneNumber(Struct, frozen=True, forbid_unknown_fields=True):
    window: WindowKind
    at: datetime
    scope: str = "city"


class _Behind(Struct, frozen=True, forbid_unknown_fields=True):
    window: WindowKind
    at: datetime
    scope: str = "city"
    first: int = 0
    size: int = 50
    excluded: bool = False


def wish_of(body: bytes, caller: Caller) -> Wish:
    """A tenant to be made; the organisation is the caller's.

    Raises:
        SpecRefused: it is not understood.
    """
    said = _read(body, _NewTenant)
    organisation = said.organisation if caller.organisation is None else caller.organisation
    if caller.organisation is not None and said.organisation not in {"", caller.organisation}:
        raise SpecRefused("organisation: follows from your token; leave it out")
    return Wish(do="create", organisation=organisation, name=said.name, days=said.days, key_days=said.key_days)


def key_days_of(body: bytes) -> int | None:
    """How long another key shall live; None, also without a body, = as long as the tenant.

    Raises:
        SpecRefused: it is not understood.
    """
    return _read(body or b"{}", _NewKey).key_days


def opening_of(body: bytes) -> bool:
    """Whether a tenant's Kafka door shall be open.

    Raises:
        SpecRefused: it is not understood.
    """
    return _read(body, _Opening).open


def _read(body: bytes, wanted: type[Asked]) -> Asked:
    try:
        return msgspec.json.decode(body, type=wanted, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SpecRefused(f"the body is not understood: {error}") from error


def _query(request: Request, wanted: type[Asked]) -> Asked:
    try:
        return of_query(request.query_params, wanted)
    except Refused as error:
        raise SpecRefused(str(error)) from error


def _body(wanted: type[Command]) -> Callable[[Request], Awaitable[Command]]:
    async def read(request: Request) -> Command:
        return _read(await request.body() or b"{}", wanted)

    return read


def _plain(command: Command) -> Callable[[Request], Awaitable[Command]]:
    async def read(_: Request) -> Command:
        return command

    return read


async def _inject(request: Request) -> Command:
    return commands.AddInject(inject=_read(await request.body(), object))


async def _text(request: Request) -> str:
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise SpecRefused(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error


async def _put_kpi(request: Request) -> Command:
    return commands.PutKpi(text=await _text(request))


async def _scenario(request: Request) -> Command:
    return commands.Scenario(text=await _text(request))


async def _show_kpi(request: Request) -> Command:
    return commands.ShowKpi(kpi=request.path_params["kpi"])


async def _drop_kpi(request: Request) -> Command:
    return commands.DropKpi(kpi=request.path_params["kpi"])


async def _values(request: Request) -> Command:
    said = _query(request, _Numbers)
    if not 1 <= said.limit <= 2_000:  # noqa: PLR2004 - said in the message
        raise SpecRefused(f"limit: {said.limit} is not between 1 and 2000")
    return commands.Values(kpi=request.path_params["kpi"], window=said.window, scope=said.scope, limit=said.limit)


async def _compare(request: Request) -> Command:
    return commands.Compare(own=request.path_params["kpi"], city=request.path_params["city"])


async def _explain(request: Request) -> Command:
    said = _query(request, _Behind)
    if said.at.tzinfo is None:
        raise SpecRefused("at: has no offset; write it as 2026-11-24T07:00:00Z")
    return commands.Explain(
        kpi=request.path_params["kpi"],
        window=said.window,
        at=said.at,
        scope=said.scope,
        first=max(0, said.first),
        size=min(max(1, said.size), 500),
        excluded=said.excluded,
    )


async def _receipt(request: Request) -> Command:
    said = _query(request, _OneNumber)
    if said.at.tzinfo is None:
        raise SpecRefused("at: has no offset; write it as 2026-11-24T07:00:00Z")
    return commands.GetReceipt(kpi=request.path_params["kpi"], window=said.window, at=said.at, scope=said.scope)


async def _graphql(request: Request) -> Command:
    body = await request.body()
    if len(body) > MOST_QUERY_BYTES:
        raise TooMuch(f"the query has {len(body)} bytes; at most {MOST_QUERY_BYTES} are read")
    said = _read(body, _Document)
    return commands.Query(query=said.query, variables=said.variables or {}, operation=said.operation)


async def _events(request: Request) -> Command:
    """Events as at `/v1/events`: structured, binary, or a batch; the same refusals."""
    return commands.Publish(events=tuple(bodies_of(request.headers, await request.body())))


class _Published(Struct):
    results: list[Outcome]


def _published(found: bytes) -> Response:
    """The answer of `/v1/events`."""
    return answer_of(msgspec.json.decode(found, type=_Published).results, HTTPStatus.ACCEPTED)


COMMANDS = (
    Reading("GET", "/room", _plain(commands.Stand())),
    Reading("POST", "/replay", _body(commands.Replay)),
    Reading("PUT", "/clock", _body(commands.SetClock)),
    Reading("POST", "/scenario", _scenario),
    Reading("POST", "/injects", _inject),
    Reading("DELETE", "/injects", _plain(commands.ClearInjects())),
    Reading("POST", "/kpis", _put_kpi),
    Reading("GET", "/kpis/{kpi}", _show_kpi),
    Reading("DELETE", "/kpis/{kpi}", _drop_kpi),
    Reading("GET", "/kpis/{kpi}/values", _values),
    Reading("GET", "/kpis/{kpi}/compare/{city}", _compare),
    Reading("GET", "/kpis/{kpi}/events", _explain),
    Reading("GET", "/kpis/{kpi}/receipt", _receipt),
    Reading("POST", "/graphql", _graphql),
    Reading("POST", "/events", _events, _published),
    Reading("GET", "/digests", _plain(commands.Digests())),
    Reading("POST", "/reset", _plain(commands.Reset())),
)
