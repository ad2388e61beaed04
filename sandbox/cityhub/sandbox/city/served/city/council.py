"""The council information system, OParl 1.1: docs/adapters/city-council.md. Who wrote what is in it, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.served.journal import local
from cityhub.sandbox.city.streams.council import COMMITTEES
from cityhub.sandbox.city.streams.story import Told, local_day

_STREAM = "council"
_PAGE = 10
_ROOT = "/city/council"
_IDS = "https://ratsinformation.example"
_SCHEMA = "https://schema.oparl.org/1.1"


def _serve(city: City) -> Sequence[Route]:
    async def system(request: Request) -> Response:
        content = {
            "id": _IDS,
            "type": f"{_SCHEMA}/System",
            "oparlVersion": f"{_SCHEMA}/",
            "body": f"{_base(request)}/bodies",
        }
        return answer(request, msgspec.json.encode(content), "application/json", city.clock())

    async def bodies(request: Request) -> Response:
        now = city.clock()
        lists = {name: f"{_base(request)}/{name}s" for name in ("organization", "paper")}
        return _listed(request, [_object("Body", "1", now, name="Simulierte Stadt", **lists)], now)

    async def organizations(request: Request) -> Response:
        now = city.clock()
        found = [_object("Organization", str(number), now, name=name) for number, name in enumerate(COMMITTEES)]
        return _listed(request, found, now)

    async def papers(request: Request) -> Response:
        now = city.clock()
        return _listed(request, [_paper(one) for one in _last(_history(city.chronicle, now))], now)

    return [
        Route(_ROOT, system),
        Route(f"{_ROOT}/bodies", bodies),
        Route(f"{_ROOT}/organizations", organizations),
        Route(f"{_ROOT}/papers", papers),
    ]


def _listed(request: Request, objects: Sequence[Mapping[str, object]], now: datetime) -> Response:
    """A page of a list; the filters go along to the next one."""
    asked = dict(request.query_params)
    try:
        since = datetime.fromisoformat(asked.get("modified_since", "0001-01-01T00:00:00+00:00"))
        page = int(asked.pop("page", "1"))
    except ValueError:
        return PlainTextResponse("modified_since: date-time, page: Nummer", status_code=400)
    found = [one for one in objects if datetime.fromisoformat(str(one["modified"])) >= since]
    if "modified_since" not in asked:
        found = [one for one in found if not one.get("deleted")]
    end = page * _PAGE
    links = {}
    if len(found) > end:
        query = urlencode(asked | {"page": page + 1})
        links["next"] = f"{_base(request)}{request.url.path.removeprefix(_ROOT)}?{query}"
    pagination = {"totalElements": len(found), "elementsPerPage": _PAGE, "currentPage": page}
    content = {"data": found[end - _PAGE : end], "pagination": pagination, "links": links}
    return answer(request, msgspec.json.encode(content), "application/json", now)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{_ROOT}"


def _history(chronicle: Chronicle, now: datetime) -> list[Told]:
    return chronicle.between([_STREAM], now - chronicle.history(_STREAM), now)


def _last(told: Sequence[Told]) -> list[Told]:
    """Of each paper how it is now, in the order of their numbers."""
    last = {one.subject: one for one in told}
    return [last[name] for name in sorted(last)]


def _tells(told: Sequence[Told]) -> list[Told]:
    """What one sees who asks for the first time: of papers that were taken back nobody learns that they were there."""
    return [one for one in _last(told) if not one.data.get("deleted")]


def _object(kind: str, number: str, modified: datetime, **more: object) -> dict[str, object]:
    head = {
        "id": _id(kind, number),
        "type": f"{_SCHEMA}/{kind}",
        "created": local(modified),
        "modified": local(modified),
    }
    return head | more


def _id(kind: str, number: str) -> str:
    return f"{_IDS}/{kind.lower()}/{number}"


def _paper(told: Told) -> dict[str, object]:
    said, kind = told.data, "Paper"
    modified = datetime.fromisoformat(said["modified_at"])
    head = _object(kind, told.subject, modified, created=local(told.time))
    if said.get("deleted"):
        return head | {"deleted": True}
    dated = f"{local_day(told.time)}" if "dated_at" in said else None
    fields = {
        "name": "Anfrage von Vorname Nachname",
        "originatorPerson": [_id("Person", "1")],
        "reference": said.get("reference"),
        "paperType": said.get("kind"),
        "date": dated,
        "consultation": _consultations(said.get("committee")),
    }
    return head | {name: value for name, value in fields.items() if value is not None}


def _consultations(committee: str | None) -> list[dict[str, object]]:
    """It is discussed before it is decided, not always in this order."""
    if committee is None:
        return []
    deciding = {"organization": [_id("Organization", str(COMMITTEES.index(committee)))], "authoritative": True}
    return [deciding, {"organization": [_id("Organization", "1")], "authoritative": False, "role": "Vorberatung"}]


def _arrives(told: Told, _: Pseudonyms) -> Told:
    name = _id("Paper", told.subject)
    return replace(told, subject=name, data=told.data | {"paper": name})


SERVED = Served(feed="city.council", streams=(_STREAM,), serve=_serve, arrives=_arrives, tells=_tells)
