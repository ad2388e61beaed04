"""Asking a control centre that speaks VDV-453: subscribe, then fetch.

Source of the rules: VDV-Schrift 453, 5.1 (AboAnfrage, DatenAbrufenAnfrage, StatusAnfrage) and 5.2 (HTTP binding: POST
of XML to `{base}/{sender}/{service}/{call}.xml`), VDV-Schrift 454 (services `aus` and `ausref`). We poll: calls of the
control centre to us (DatenBereitAnfrage, ClientStatusAnfrage) are not served and not needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeAlias
from urllib.parse import quote

import httpx
from lxml import etree
from msgspec import Struct

from cityhub.adapters.dvv.transit import vdv_xml, wire
from cityhub.adapters.dvv.transit.client import REFERENCE_BYTES, Client, Referenced, Reported
from cityhub.adapters.dvv.transit.source import ControlCentre
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.xml_items import XML, Element
from cityhub.adapters.kit.download import MAX_BYTES, Document, NotModified, download
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject

Service: TypeAlias = Literal["aus", "ausref"]
SUBSCRIBED_FOR = timedelta(hours=24)
"""Renewed when half of it is over."""
PREVIEW_MIN, HYSTERESIS_S = 120, 10
"""Trips are told of this long before they begin; a prognosis again when it has moved by more."""
MAX_PACKETS = 200
"""Of timetables at once; what is left comes with the next question."""
_TEXT_XML = "text/xml; charset=utf-8"


class _Subscribed(Struct):
    """What holds with one service.

    Attributes:
        started: its StartDienstZst, "" before it told us. whole: all data are wanted, not only what is new.
        renew_at: by AboID. more: further packets are waiting.
    """

    started: str = ""
    whole: bool = True
    renew_at: dict[str, datetime] = {}
    more: bool = False


class Vdv453Client(Client):
    """One control centre.

    It remembers for us what it has sent, and forgets us when it starts anew. So after every start of either side, and
    after every fault, we subscribe again and ask for all data (DatensatzAlle).

    Args:
        clock: ours.
    """

    def __init__(self, http: httpx.AsyncClient, centre: ControlCentre, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._centre = centre
        self._clock = clock
        self._subscribed: dict[Service, _Subscribed] = {}

    async def actual(self, cursor: str, etag: str | None) -> Reported:
        """One packet of AUS; the cursor counts packets."""
        packet, synthetic = await self._packet("aus", "1", _prognoses())
        return Reported(
            answered_at=packet.created,
            trips=packet.actual,
            rejects=packet.rejects,
            cursor=str(int(cursor) + 1 if cursor.isdecimal() else 1),
            more=packet.more,
            synthetic=synthetic,
        )

    async def reference(self, day: date, etag: str | None) -> Referenced:
        """What is new of all timetables subscribed to, that of `day` among them; it may not be ready yet."""
        trips: list[wire.PlannedTrip] = []
        rejects: list[Reject] = []
        for _ in range(MAX_PACKETS):
            packet, _ = await self._packet("ausref", day.strftime("%Y%m%d"), _timetable(day))
            trips += packet.planned
            rejects += packet.rejects
            if not packet.more or len(trips) > wire.MAX_TRIPS:
                break
        return Referenced(trips, rejects)

    async def _packet(self, service: Service, abo: str, wanted: Sequence[Element]) -> tuple[vdv_xml.Packet, bool]:
        """Subscribe where that is due, fetch; whether a simulation answered."""
        known = self._subscribed.setdefault(service, _Subscribed())
        try:
            if not known.more:
                await self._renew(service, known, abo, wanted)
            asked = _request("DatenAbrufenAnfrage", _element("DatensatzAlle", str(known.whole).lower()))
            got = await self._post(service, "datenabrufen", asked, REFERENCE_BYTES)
            packet = await asyncio.to_thread(vdv_xml.parse_packet, got.body)
        except FeedFault:
            del self._subscribed[service]
            raise
        known.whole, known.more = False, packet.more
        return packet, got.synthetic

    async def _renew(self, service: Service, known: _Subscribed, abo: str, wanted: Sequence[Element]) -> None:
        """At a start of either side all subscriptions are deleted, if there are any, and made anew (VDV-453, 5.1.7);
        else the same AboID again replaces one."""
        now = self._clock()
        started = vdv_xml.parse_status((await self._post(service, "status", _request("StatusAnfrage"))).body) or "?"
        if started != known.started:
            await self._post(service, "aboverwalten", _request("AboAnfrage", _element("AboLoeschenAlle", "true")))
            known.started, known.whole, known.renew_at = started, True, {}
        if known.renew_at.get(abo, now) > now:
            return
        until = _zst(now + SUBSCRIBED_FOR)
        subscription = etree.Element("AboAUS" if service == "aus" else "AboAUSRef", AboID=abo, VerfallZst=until)
        subscription.extend(wanted)
        vdv_xml.parse_subscribed((await self._post(service, "aboverwalten", _request("AboAnfrage", subscription))).body)
        known.renew_at[abo] = now + SUBSCRIBED_FOR / 2

    async def _post(self, service: Service, call: str, request: Element, max_bytes: int = MAX_BYTES) -> Document:
        sender = self._centre.sender
        request.set("Sender", sender)
        request.set("Zst", _zst(self._clock()))
        got = await download(
            self._http,
            f"{self._centre.url}/{quote(sender, safe='')}/{service}/{call}.xml",
            params={},
            etag=None,
            accept=XML,
            posted=etree.tostring(request, xml_declaration=True, encoding="UTF-8"),
            posted_as=_TEXT_XML,
            max_bytes=max_bytes,
        )
        if isinstance(got, NotModified):
            raise FeedFault("http_status", f"{self._centre.url} answered HTTP 304, although nothing was asked of it")
        return got


def _prognoses() -> list[Element]:
    return [_element("Hysterese", str(HYSTERESIS_S)), _element("Vorschauzeit", str(PREVIEW_MIN))]


def _timetable(day: date) -> list[Element]:
    """An operating day and the night after it."""
    begin = datetime.combine(day, time.min, LOCAL)
    end = datetime.combine(day + timedelta(days=1), time(6), LOCAL)
    window = etree.Element("Zeitfenster")
    window.extend([_element("GueltigVon", _zst(begin)), _element("GueltigBis", _zst(end))])
    return [window]


def _request(name: str, *children: Element) -> Element:
    request = etree.Element(name)
    request.extend(children)
    return request


def _element(name: str, text: str) -> Element:
    element = etree.Element(name)
    element.text = text
    return element


def _zst(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
