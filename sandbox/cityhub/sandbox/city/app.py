"""The simulated city as a web application: partners' systems in their own formats, and what it is for whoever looks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import chain

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.assets import register_csv
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.feed import CityFeed
from cityhub.sandbox.city.inbox import AlertInbox
from cityhub.sandbox.city.network import Line, build_network
from cityhub.sandbox.city.served import SERVED, City
from cityhub.sandbox.city.served.endpoint import SIMULATION

KEPT = timedelta(hours=96)
"""A reader that stayed away longer starts again without a cursor. An outage of three days costs nothing."""
_ABOUT = """\
Simulierte Stadt: Diese Daten sind erfunden. Sie haben die
Form echter Meldungen einer Leitstelle für Bus und Bahn (VDV-454).
Simulated city: these data are invented. They have the
form of real messages of a control centre for transit (VDV-454).

GET /vdv454/aus?seit=<cursor>                IstFahrt
GET /vdv454/ref-aus?Betriebstag=YYYY-MM-DD   SollFahrt
GET /<partner>/<source>                      each in its own format
GET /assets.csv                              asset register
POST /city/order-office/inbox                audio alerts; GET shows the newest
GET /healthz
"""


def create_city(
    seed: int,
    clock: Callable[[], datetime],
    backfill_hours: int,
    network: tuple[Line, ...] | None = None,
    longest: timedelta | None = None,
) -> Starlette:
    """Build the application.

    Args:
        seed: another seed is another city.
        clock: the present, aware.
        backfill_hours: how far back a reader without cursor begins.
        network: instead of Duisburg's lines.
        longest: other sources' histories are no longer than this.
    """
    teller = City(Chronicle(seed, longest), clock, seed)
    city = _City(seed, clock, timedelta(hours=backfill_hours), network or build_network())
    return Starlette(
        routes=[
            Route("/", city.about),
            Route("/healthz", city.health),
            Route("/vdv454/aus", city.actual),
            Route("/vdv454/ref-aus", city.reference),
            Route("/assets.csv", _assets),
            Route("/city/order-office/inbox", AlertInbox().answer, methods=["GET", "POST"]),
            *chain.from_iterable(one.serve(teller) for one in SERVED if one.serve),
        ]
    )


async def _assets(request: Request) -> Response:
    return Response(register_csv(), media_type="text/csv; charset=utf-8", headers=SIMULATION)


class _City:
    def __init__(self, seed: int, clock: Callable[[], datetime], backfill: timedelta, lines: tuple[Line, ...]) -> None:
        self._seed = seed
        self._clock = clock
        self._backfill = backfill
        self._feed = CityFeed(seed, lines)

    async def about(self, request: Request) -> Response:
        return PlainTextResponse(_ABOUT)

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def actual(self, request: Request) -> Response:
        now = self._clock()
        now_ms, cursor = _ms(now), request.query_params.get("seit")
        from_ms = self._feed.position(cursor) if cursor else _ms(now - self._backfill)
        if from_ms is None or from_ms < _ms(now - max(KEPT, self._backfill)):
            return _refusal(410, "seit: unbekannt oder zu alt; ohne seit neu beginnen")
        page = self._feed.page(from_ms, now_ms)
        etag = f'"{page.from_ms}-{page.upto_ms}"'
        if request.headers.get("if-none-match") == etag:
            return _not_modified(etag, now)
        head = {
            "Bestaetigung": _confirmation(now),
            "WeitereDaten": "true" if page.more else "false",
            "Naechster": self._feed.cursor(page.upto_ms),
            "Simulation": "true",
        }
        return _answer(head, "IstFahrt", page.items, etag)

    async def reference(self, request: Request) -> Response:
        now = self._clock()
        try:
            day = date.fromisoformat(request.query_params.get("Betriebstag", ""))
        except ValueError:
            return _refusal(400, "Betriebstag: erwartet JJJJ-MM-TT")
        if not timedelta(days=-40) < day - now.date() < timedelta(days=8):
            return _refusal(404, f"Betriebstag {day}: kein Fahrplan")
        etag = f'"{hashlib.sha256(f"{self._seed}/{day}".encode()).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return _not_modified(etag, now)
        head = {"Bestaetigung": _confirmation(now), "Simulation": "true"}
        return _answer(head, "SollFahrt", self._feed.timetable(day), etag)


def _answer(head: Mapping[str, object], element: str, items: Iterable[bytes], etag: str) -> Response:
    opening = msgspec.json.encode(head)[:-1] + f',"{element}":['.encode()
    body = opening + b",\n".join(items) + b"]}"
    return Response(body, media_type="application/json", headers={"etag": etag, "cache-control": "no-cache"})


def _not_modified(etag: str, now: datetime) -> Response:
    """Carries the city's clock: nothing was reported up to that instant."""
    return Response(status_code=304, headers={"etag": etag, "date": format_datetime(now.astimezone(UTC), usegmt=True)})


def _refusal(status: int, text: str) -> Response:
    body = {"Bestaetigung": {"Ergebnis": "notok", "Fehlernummer": str(status), "Fehlertext": text}}
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def _confirmation(now: datetime) -> dict[str, str]:
    return {"Zst": now.isoformat(timespec="milliseconds"), "Ergebnis": "ok", "Fehlernummer": "0"}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
