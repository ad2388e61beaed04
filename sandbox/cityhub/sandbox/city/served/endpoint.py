"""What all endpoints of the simulated city have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.chronicle import Chronicle, Page
from cityhub.sandbox.city.streams.story import Told

SIMULATION = {"cityhub-simulation": "true"}
"""Header of every answer: these data are invented."""


class City(Struct, frozen=True):
    """What an endpoint tells from. Attributes: clock: the present, aware."""

    chronicle: Chronicle
    clock: Callable[[], datetime]
    seed: int


Serve: TypeAlias = Callable[[City], Sequence[Route]]
"""How a source's module makes its addresses, all below `/<partner>/<source>`."""
Drop: TypeAlias = Callable[[City, Path], None]
"""How a source's module brings its drop folder up to date: every file that is due and not there, complete at once."""

Send: TypeAlias = Callable[[City, datetime | None, datetime], Iterable[bytes]]
"""How a source's module makes the lines that it sends over TCP in [since, now), since None: all of the history."""


Before: TypeAlias = Callable[[Chronicle, datetime], Sequence[Told]]
"""What a source that shows how things stand tells of what happened before its history begins at an instant."""


def as_told(told: Told, pseudonyms: Pseudonyms) -> Told:
    """What arrives of it is what was told."""
    return told


class Message(Struct, frozen=True):
    """What is published to a topic."""

    topic: str
    payload: bytes


class Push(Struct, frozen=True):
    """How a source is published over MQTT.

    Attributes:
        root: what its topics begin with, its application included.
        render: messages of what was told, all that is due at an instant together.
    """

    root: str
    render: Callable[[City, Sequence[Told]], Iterable[Message]]


class Served(Struct, frozen=True, kw_only=True):
    """A source that is served in its own format, in one of these ways.

    Attributes:
        feed: of the adapter that reads it. streams: what it tells, which nobody else does.
        arrives: what becomes of it where the adapter hides numbers that lead to people.
        before: what it tells beside their history.
        tells: what of that its format can say, where that is not all. refused: reasons for which its dirt is refused.
    """

    feed: str
    streams: tuple[str, ...]
    serve: Serve | None = None
    drop: Drop | None = None
    arrives: Callable[[Told, Pseudonyms], Told] = as_told
    before: Before = lambda _, __: ()
    push: Push | None = None
    send: Send | None = None
    tells: Callable[[Sequence[Told]], list[Told]] = list
    refused: tuple[str, ...] = ()


def paged(
    path: str, streams: Sequence[str], parameter: str, render: Callable[[Page, datetime], bytes], media_type: str
) -> Serve:
    """One address that hands over page by page.

    Args:
        parameter: of the query that holds the cursor.
        render: a page, and the city's clock, in the source's format.
    """

    def serve(city: City) -> Sequence[Route]:
        async def page(request: Request) -> Response:
            now = city.clock()
            found = city.chronicle.page(streams, request.query_params.get(parameter, ""), now)
            if found is None:
                return PlainTextResponse(f"{parameter}: unbekannt oder zu alt", status_code=410)
            return answer(request, render(found, now), media_type, now)

        return [Route(path, page)]

    return serve


def answer(request: Request, body: bytes, media_type: str, now: datetime) -> Response:
    """A body with validator and clock, or 304 where the asker has it."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers: Mapping[str, str] = {"etag": etag, "date": format_datetime(now.astimezone(UTC), usegmt=True)} | SIMULATION
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
