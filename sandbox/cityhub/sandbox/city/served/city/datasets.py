"""The open data portal of the city, a DKAN: docs/adapters/city-datasets.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL

_STREAM = "datasets"
_SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
_HEAD = {"@context": f"{_SCHEMA}/catalog.jsonld", "@type": "dcat:Catalog", "conformsTo": _SCHEMA}
_LICENCES = {
    "dl-zero-de/2.0": "https://www.govdata.de/dl-de/zero-2-0",
    "dl-by-de/2.0": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
    "cc-by/4.0": "https://creativecommons.org/licenses/by/4.0/deed.de",
}
_PERIODS = {7: "R/P1W", 30: "R/P1M", 91: "R/P3M", 365: "R/P1Y"}


class _Portal:
    """What it lists: of each data set the last that was told."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._upto: datetime | None = None
        self._last: dict[str, Told] = {}

    def items(self, now: datetime) -> Sequence[Told]:
        """In the order of names."""
        chronicle = self._city.chronicle
        since = self._upto or now - chronicle.history(_STREAM)
        self._last |= {told.subject: told for told in chronicle.between([_STREAM], since, now)}
        self._upto = now
        return [self._last[name] for name in sorted(self._last)]


def _serve(city: City) -> Sequence[Route]:
    portal = _Portal(city)

    async def catalogue(request: Request) -> Response:
        now = city.clock()
        body = msgspec.json.encode({**_HEAD, "dataset": [_entry(told) for told in portal.items(now)]})
        return answer(request, body, "application/json", now)

    return [Route("/city/datasets/data.json", catalogue)]


def _entry(told: Told) -> dict[str, object]:
    verb, modified = told.type.split(".")[4], _instant(told.data.get("modified_at"))
    entry = {
        "@type": "dcat:Dataset",
        "identifier": told.subject,
        "title": f"Platzhalter für {told.subject}",
        "accessLevel": "public" if told.data["published"] else "non-public",
        "accrualPeriodicity": _periodicity(modified, _instant(told.data.get("fresh_until"))),
        "issued": _local(told.time) if verb == "published" else None,
        "modified": _local(modified) if modified else "R/P1D" if verb == "modified" else None,
        "%modified": f"{told.time.astimezone(LOCAL):%Y-%m-%dT%H:%M:%S%z}",
        "license": _LICENCES.get(told.data.get("licence", "")),
        "publisher": {"@type": "org:Organization", "name": "Stadt Duisburg"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "Vorname Nachname", "hasEmail": "mailto:name@example.org"},
    }
    return {name: value for name, value in entry.items() if value is not None}


def _periodicity(modified: datetime | None, fresh_until: datetime | None) -> str | None:
    if modified is None:
        return None
    return "irregular" if fresh_until is None else _PERIODS[(fresh_until - modified).days]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _local(moment: datetime) -> str:
    return moment.astimezone(LOCAL).isoformat()


SERVED = Served(feed="city.datasets", streams=(_STREAM,), serve=_serve)
