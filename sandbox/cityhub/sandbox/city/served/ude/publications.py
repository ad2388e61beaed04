"""The university's repository over OAI-PMH 2.0: docs/adapters/ude-publications.md.

It lists each version of a record by its datestamp, as one sees them who asks often. What was deposited in the month
before its history is in it as it was then, so that changes and deletions have something that they change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from zlib import crc32

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.chronicle import Chronicle, instant, text
from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told, at, iso, local_day

_STREAM = "publications"
_PAGE = 200
_MONTH = timedelta(days=31)
_VALID = timedelta(hours=1)
"""Resumption tokens are, after they were made."""
_COAR = "http://purl.org/coar/access_right/"
_EU_REPO = "info:eu-repo/semantics/"
_CC = "https://creativecommons.org/licenses/by/4.0/"
_OPEN = (
    (f"{_COAR}c_abf2",),
    (f"{_EU_REPO}openAccess", _CC),
    (_CC, "Alle dürfen lesen."),
)
_CLOSED = (
    (f"{_COAR}c_16ec",),
    (f"{_EU_REPO}closedAccess",),
    (f"{_COAR}c_f1cf", _CC),
)


def _serve(city: City) -> Sequence[Route]:
    async def oai(request: Request) -> Response:
        now = city.clock()
        return answer(request, _envelope(_answered(city, dict(request.query_params), now), now), "text/xml", now)

    return [Route("/ude/publications", oai)]


def _answered(city: City, asked: dict[str, str], now: datetime) -> str:
    if asked.pop("verb", "") != "ListRecords":
        return _error("badVerb", "only ListRecords is played")
    token = asked.get("resumptionToken")
    if token is None and asked.get("metadataPrefix") != "oai_dc":
        return _error("cannotDisseminateFormat", "only oai_dc is played")
    start = _start(asked.get("from", "1970-01-01")) if token is None else _position(token, now)
    if start is None:
        return _error("badArgument", "from: JJJJ-MM-TT") if token is None else _error("badResumptionToken", "expired")
    begins = now - city.chronicle.history(_STREAM)
    told = [*_before(city.chronicle, begins), *city.chronicle.between([_STREAM], begins, now)]
    items = told[bisect_left(told, start, key=lambda one: one.due) :]
    return _list(items, now) if items else _error("noRecordsMatch", "nothing has changed")


def _before(chronicle: Chronicle, begins: datetime) -> list[Told]:
    found = chronicle.between([_STREAM], begins - _MONTH, begins)
    return [one for one in found if one.version == "1"]


def _start(day: str) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{day}T00:00:00Z")
    except ValueError:
        return None


def _position(token: str, now: datetime) -> datetime | None:
    position, _, made = token.partition("-")
    made_at = instant(made)
    return None if made_at is None or now - made_at > _VALID else instant(position)


def _list(items: Sequence[Told], now: datetime) -> str:
    """A page ends between two instants; some records stand in it twice."""
    end = _PAGE
    while end < len(items) and items[end].due == items[end - 1].due:
        end += 1
    page = [*items[:end], *(one for one in items[:end] if crc32(one.subject.encode()) % 16 == 0)]
    expires = f'expirationDate="{iso(now + _VALID)}" '
    token = f"{text(items[end].due)}-{text(now)}" if end < len(items) else ""
    tag = f'<resumptionToken {expires if token else ""}completeListSize="{len(items)}">{token}</resumptionToken>'
    return f"<ListRecords>{''.join(map(_record, page))}{tag}</ListRecords>"


def _record(told: Told) -> str:
    deleted = told.data.get("deleted")
    head = f"""
<record><header{' status="deleted"' if deleted else ""}><identifier>{_id(told)}</identifier>
<datestamp>{told.data["datestamp"]}</datestamp><setSpec>article</setSpec></header>"""
    return head + ("" if deleted else f"<metadata>{_dublin_core(told)}</metadata>") + "</record>"


def _dublin_core(told: Told) -> str:
    number, day = crc32(told.subject.encode()), local_day(told.time)
    rights = (_OPEN if told.data["open_access"] else _CLOSED)[number % 3]
    fields = [("title", f"Erfundene Arbeit {number}"), ("creator", "Erfunden, E."), ("description", "Erfunden.")]
    fields += [("subject", "Duisburg"), *[("subject", _ddc(one)) for one in [told.data.get("topic")] if one]]
    fields += [("date", f"{day}"), *[("date", "info:eu-repo/date/embargoEnd/2030-01-01")][: number % 2]]
    fields += [("rights", one) for one in rights]
    said = "".join(f"<dc:{name}>{words}</dc:{name}>" for name, words in fields)
    return f"""<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">{said}</oai_dc:dc>"""


def _id(told: Told) -> str:
    return f"oai:repositorium.example:{told.subject}"


def _ddc(topic: str) -> str:
    return f"ddc:{600 + 10 * int(topic.rpartition('-')[2])}"


def _error(code: str, why: str) -> str:
    return f'<error code="{code}">{why}</error>'


def _envelope(content: str, now: datetime) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>{iso(now)}</responseDate>
<request>https://repositorium.example/oai</request>{content}</OAI-PMH>""".encode()


def _arrives(told: Told, _: Pseudonyms) -> Told:
    """The day instead of the hour, subjects by their number in Dewey's classification."""
    said = {**told.data, "publication": _id(told)}
    if "topic" in said:
        said["topic"] = _ddc(said["topic"])
    return replace(told, subject=_id(told), time=at(local_day(told.time), 0), data=said)


SERVED = Served(feed="ude.publications", streams=(_STREAM,), serve=_serve, arrives=_arrives, before=_before)
