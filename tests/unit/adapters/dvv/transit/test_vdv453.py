"""Subscribing and fetching: against a control centre that remembers its subscribers, as VDV-453 wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest import mock

import httpx
import pytest
from lxml import etree

from cityhub.adapters.dvv.transit.feed import TransitFeed
from cityhub.adapters.dvv.transit.source import PREDICTED, ControlCentre
from cityhub.adapters.dvv.transit.vdv453 import SUBSCRIBED_FOR, Vdv453Client
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.status import AdapterStatusReader
from tests.unit.adapters.dvv.transit.test_vdv_xml import AUS, REF_AUS

NOW = datetime(2026, 11, 20, 7, 31, tzinfo=UTC)
CENTRE = ControlCentre(url="http://dvg/vdv", format="vdv454-xml", sender="duisburg hub")
OK = 'Zst="2026-11-20T07:30:00Z" Ergebnis="ok" Fehlernummer="0"'
ANEW = ["aus/status", "aus/aboverwalten", "aus/aboverwalten 1", "aus/datenabrufen true"]
EMPTY = f"<DatenAbrufenAntwort><Bestaetigung {OK}/></DatenAbrufenAntwort>".encode()


def respond(status: int, body: bytes = b"", content_type: str = "text/xml") -> httpx.Response:
    """As it comes from a network."""
    return httpx.Response(status, headers={"content-type": content_type}, stream=httpx.ByteStream(body))


class Partner(httpx.AsyncBaseTransport):
    """Plays a control centre.

    Attributes:
        waiting: packets that were not fetched yet, by service; `whole` gives all of them again.
        asked: what was asked, in order: service, call, and DatensatzAlle or AboID.
        answers: instead of what it would say, by call.
    """

    def __init__(self) -> None:
        self.started = "2026-11-01T03:00:00Z"
        self.all: dict[str, list[bytes]] = {"aus": [AUS], "ausref": [REF_AUS]}
        self.waiting: dict[str, list[bytes]] = {"aus": [], "ausref": []}
        self.abos: dict[tuple[str, str], etree._Element] = {}
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("no route")
        assert (request.method, request.headers["content-type"]) == ("POST", "text/xml; charset=utf-8")
        _, base, sender, service, call = request.url.raw_path.decode().split("/")
        asked = etree.fromstring(await request.aread())
        assert (base, sender, asked.get("Sender")) == ("vdv", "duisburg%20hub", "duisburg hub")
        assert datetime.fromisoformat(asked.get("Zst") or "")
        call = call.removesuffix(".xml")
        make = self.answers.get(call)
        answer = make() if make else self._xml(getattr(self, f"_{call}")(service, asked))
        self.asked.append(f"{service}/{call}{self._detail(asked)}")
        return answer

    def restart(self) -> None:
        """It has forgotten who wants what."""
        self.started = "2026-11-20T07:00:00Z"
        self.abos = {}

    def _detail(self, asked: etree._Element) -> str:
        abo = next((one.get("AboID") for one in asked if one.get("AboID")), None)
        return f" {asked.findtext('DatensatzAlle') or abo or ''}".rstrip()

    @staticmethod
    def _xml(body: bytes) -> httpx.Response:
        """With the header as VDV-453 prints it."""
        return respond(200, body, 'text/xml Charset="utf-8"')

    def _status(self, service: str, _: etree._Element) -> bytes:
        return f"<StatusAntwort><Status {OK}/><StartDienstZst>{self.started}</StartDienstZst></StatusAntwort>".encode()

    def _aboverwalten(self, service: str, asked: etree._Element) -> bytes:
        (abo,) = asked
        if abo.tag == "AboLoeschenAlle":
            self.abos = {key: abo for key, abo in self.abos.items() if key[0] != service}
            return f"<AboAntwort><Bestaetigung {OK}/></AboAntwort>".encode()
        assert (asked.tag, abo.tag) == ("AboAnfrage", {"aus": "AboAUS", "ausref": "AboAUSRef"}[service])
        self.abos[service, abo.get("AboID") or ""] = abo
        answer = f'<BestaetigungMitAboID AboID="1"><Bestaetigung {OK}/></BestaetigungMitAboID>'
        return f"<AboAntwort>{answer}</AboAntwort>".encode()

    def _datenabrufen(self, service: str, asked: etree._Element) -> bytes:
        if not any(of == service for of, _ in self.abos):
            return EMPTY.replace(b'"ok" Fehlernummer="0"', b'"notok" Fehlernummer="300"')
        if asked.findtext("DatensatzAlle") == "true":
            self.waiting[service] = [*self.all[service]]
        packet = self.waiting[service].pop(0) if self.waiting[service] else EMPTY
        more = b"true" if self.waiting[service] else b"false"
        packet = packet.replace(b"<WeitereDaten>false</WeitereDaten>", b"")
        return packet.replace(b"<AUSNachricht", b"<WeitereDaten>" + more + b"</WeitereDaten><AUSNachricht", 1)


class Clock:
    """Stands until it is set."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def feeding(partner: Partner, folder: Path, clock: Clock) -> AsyncIterator[tuple[TransitFeed, Outbox]]:
    """The adapter without its loop."""
    with Outbox(folder / "a.db") as outbox:
        async with httpx.AsyncClient(transport=partner) as http:
            yield TransitFeed(http, outbox, CENTRE, clock), outbox


def told(outbox: Outbox) -> list[int | None]:
    """Delays of departures, None for a cancellation."""
    events = outbox.oldest("dvv.transit", 1000)[1].get("du.evt.dvv.transit.v1", [])
    return [event.data.get("delay_s") for event in events if event.type != PREDICTED]


async def test_subscribes_fetches_and_tells_the_story(tmp_path: Path) -> None:
    partner = Partner()
    async with feeding(partner, tmp_path, Clock()) as (feed, outbox):
        assert await feed.step() is False
        assert partner.asked == [
            "aus/status",
            "aus/aboverwalten",
            "aus/aboverwalten 1",
            "aus/datenabrufen true",
            "ausref/status",
            "ausref/aboverwalten",
            "ausref/aboverwalten 20261120",
            "ausref/datenabrufen true",
        ]
        assert told(outbox) == [20, 90, 301, None]
        partner.asked.clear()
        await feed.step()
        assert partner.asked == ["aus/status", "aus/datenabrufen false"]
        assert told(outbox) == [20, 90, 301, None]
    (status,) = AdapterStatusReader(tmp_path / "a.db").all()
    assert (status.rejected, status.synthetic) == ({}, False)
    assert status.data_at == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


async def test_subscription_says_what_is_wanted_and_until_when(tmp_path: Path) -> None:
    partner = Partner()
    async with feeding(partner, tmp_path, Clock()) as (feed, _):
        await feed.step()
    aus, ref = partner.abos["aus", "1"], partner.abos["ausref", "20261120"]
    assert [(one.tag, one.text) for one in aus] == [("Hysterese", "10"), ("Vorschauzeit", "120")]
    assert aus.get("VerfallZst") == ref.get("VerfallZst") == "2026-11-21T07:31:00Z"
    assert ref.findtext("Zeitfenster/GueltigVon") == "2026-11-19T23:00:00Z"
    assert ref.findtext("Zeitfenster/GueltigBis") == "2026-11-21T05:00:00Z"


async def test_packets_are_fetched_to_the_last(tmp_path: Path) -> None:
    partner = Partner()
    partner.all["aus"] = [AUS, AUS.replace(b"-001#SIM", b"-009#SIM"), AUS.replace(b"-001#SIM", b"-010#SIM")]
    partner.all["ausref"] = [REF_AUS, REF_AUS.replace(b"-001#SIM", b"-009#SIM")]
    async with feeding(partner, tmp_path, Clock()) as (feed, outbox):
        assert [await feed.step(), await feed.step(), await feed.step()] == [True, True, False]
        assert sorted(delay for delay in told(outbox) if delay) == [20, 20, 20, 90, 90, 90, 301, 301, 301]
    asked = Counter(partner.asked)
    assert asked["aus/datenabrufen true"] == asked["ausref/datenabrufen true"] == 1
    assert asked["aus/datenabrufen false"] == 2
    assert asked["ausref/datenabrufen false"] == 1
    assert asked["aus/status"] == 1, "between packets nothing else is asked"


async def test_a_subscription_is_renewed_when_half_of_it_is_over(tmp_path: Path) -> None:
    partner, clock = Partner(), Clock()
    async with feeding(partner, tmp_path, clock) as (feed, _):
        await feed.step()
        partner.asked.clear()
        clock.now = NOW + SUBSCRIBED_FOR / 2 - timedelta(seconds=1)
        await feed.step()
        assert "aus/aboverwalten 1" not in partner.asked
        clock.now = NOW + SUBSCRIBED_FOR / 2
        await feed.step()
    assert partner.asked.count("aus/aboverwalten 1") == 1
    assert "aus/datenabrufen true" not in partner.asked


async def test_a_control_centre_that_started_anew_is_subscribed_to_again(tmp_path: Path) -> None:
    partner = Partner()
    async with feeding(partner, tmp_path, Clock()) as (feed, outbox):
        await feed.step()
        partner.restart()
        partner.asked.clear()
        await feed.step()
        assert partner.asked[:4] == ANEW
        assert told(outbox) == [20, 90, 301, None], "all data again tell nothing twice"


@pytest.mark.parametrize("call", ["status", "aboverwalten", "datenabrufen"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: respond(500), "http_status"),
        (lambda: respond(304), "http_status"),
        (lambda: respond(200, b"<a>"), "parse"),
        (lambda: respond(200, b"{}", "application/json"), "content_type"),
    ],
)
async def test_after_a_fault_all_data_are_asked_for(
    call: str, answer: Callable[[], httpx.Response], reason: str, tmp_path: Path
) -> None:
    """The control centre may think that we have what was lost."""
    partner = Partner()
    async with feeding(partner, tmp_path, Clock()) as (feed, outbox):
        partner.answers[call] = answer
        with pytest.raises(FeedFault) as fault:
            await feed.step()
        assert fault.value.reason == reason
        partner.answers.clear()
        partner.asked.clear()
        await feed.step()
        assert partner.asked[:4] == ANEW
        assert told(outbox) == [20, 90, 301, None]


async def test_a_life_that_ends_before_it_kept_a_packet_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control centre thinks that the packet has arrived; the next life asks for all data."""
    partner, clock = Partner(), Clock()
    async with feeding(partner, tmp_path, clock) as (feed, outbox):
        monkeypatch.setattr(outbox, "commit", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            await feed.step()
        assert told(outbox) == []
    for _ in range(2):
        async with feeding(partner, tmp_path, clock) as (feed, outbox):
            await feed.step()
            assert told(outbox) == [20, 90, 301, None], "and a third one tells nothing twice"


async def test_an_unready_timetable_is_asked_for_again_after_a_minute(tmp_path: Path) -> None:
    """The first one is empty; departures that became known by then stand on their own planned times."""
    partner, clock = Partner(), Clock()
    partner.all["ausref"] = []
    async with feeding(partner, tmp_path, clock) as (feed, outbox):
        await feed.step()
        partner.waiting["ausref"] = [REF_AUS]
        partner.asked.clear()
        clock.now += timedelta(seconds=59)
        await feed.step()
        assert "ausref/datenabrufen false" not in partner.asked
        clock.now += timedelta(seconds=1)
        await feed.step()
        assert "ausref/datenabrufen false" in partner.asked
        kept = outbox.open(feed.source, CENTRE.origin).memory
    assert "2026-11-20/901-1-003#SIM" in kept


async def test_a_timetable_that_never_ends_is_left() -> None:
    partner = Partner()
    partner.all["ausref"] = [REF_AUS] * 300
    async with httpx.AsyncClient(transport=partner) as http:
        client = Vdv453Client(http, CENTRE, Clock())
        assert len((await client.reference(date(2026, 11, 20), None)).trips) == 3 * 200
        assert len((await client.reference(date(2026, 11, 20), None)).trips) == 3 * 100


async def test_a_control_centre_that_is_away_is_named(tmp_path: Path) -> None:
    partner = Partner()
    partner.down = True
    async with feeding(partner, tmp_path, Clock()) as (feed, _):
        with pytest.raises(FeedFault, match=r"http://dvg/vdv/duisburg%20hub/aus/status\.xml cannot be reached"):
            await feed.step()
