"""Every bad answer: counted and shown, the last good data stay, the next good answer goes on."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from cityhub.adapters.dvv.transit.feed import run_transit
from cityhub.adapters.dvv.transit.source import PREDICTED, TRIP_CANCELLED, ControlCentre
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.download import download
from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from tests.unit.adapters.doubles import Ledger, Partner, Reply, partner, respond, until

NOW = datetime(2026, 11, 20, 7, 31, tzinfo=UTC)
DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><b>&b;</b>"""
OK = b'{"Bestaetigung":{"Zst":"2026-11-20T07:30:30Z","Ergebnis":"ok"},"IstFahrt":'


async def _endless(writer: asyncio.StreamWriter) -> None:
    """100 MB, as long as somebody takes it."""
    writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n")
    for _ in range(100):
        writer.write(b" " * 1_048_576)
        await writer.drain()


async def _half(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n" + OK)
    await writer.drain()


BAD: dict[str, tuple[str, Reply]] = {
    "server error": ("http_status", respond(b"{}", 500)),
    "redirect": ("http_status", respond(b"", 302, location="http://127.0.0.1:1/")),
    "not found": ("http_status", respond(b"{}", 404)),
    "entity bomb": ("content_type", respond(BOMB, content_type="application/xml")),
    "html": ("content_type", respond(b"<html>", content_type="text/html")),
    "latin-1": ("content_type", respond(b"{}", content_type="application/json; charset=iso-8859-1")),
    "gzip bomb": ("content_encoding", respond(gzip.compress(b" " * 10_000_000), content_encoding="gzip")),
    "gzip bomb in disguise": ("parse", respond(gzip.compress(b" " * 10_000_000))),
    "100 MB": ("too_large", _endless),
    "half a body": ("incomplete", _half),
    "half a body without length": (
        "parse",
        b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + OK + b'[{"FahrtID"',
    ),
    "no HTTP": ("incomplete", b"\x00\x01\x02 hello\r\n\r\n"),
    "hangs up": ("incomplete", b""),
    "empty body": ("parse", respond(b"")),
    "UTF-16": ("parse", respond((OK + b"[]}").decode().encode("utf-16"))),
    "wrong encoding": ("parse", respond(OK.replace(b"ok", b"\xff\xfe") + b"[]}")),
    "array": ("parse", respond(b"[]")),
    "no Bestaetigung": ("parse", respond(b'{"IstFahrt":[]}')),
    "time without offset": ("parse", respond(OK.replace(b"30Z", b"30") + b"[]}")),
    "deep nesting": ("parse", respond(OK + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}")),
    "too many values": ("too_many_values", respond(OK + b'[],"x":[' + b"1," * 1_000_001 + b"1]}")),
    "too many trips": ("too_many_values", respond(OK + b"[" + b"{}," * 20_000 + b"{}]}")),
    "refusal": (
        "refused",
        respond(OK.replace(b'"ok"', b'"notok","Fehlernummer":"300","Fehlertext":"Abo fehlt"') + b"[]}"),
    ),
}


@asynccontextmanager
async def running(there: Partner, folder: Path, ledger: Ledger) -> AsyncIterator[AdapterStatusReader]:
    """The adapter at work against a partner."""
    stop = asyncio.Event()
    path = folder / "adapters.db"
    task = asyncio.create_task(
        run_transit(
            path=path, centre=ControlCentre(url=there.url), publisher=ledger, clock=lambda: NOW, stop=stop, poll_s=0.01
        )
    )
    try:
        yield AdapterStatusReader(path)
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


def only(reader: AdapterStatusReader) -> FeedStatus | None:
    """The one feed."""
    found = reader.all()
    return found[0] if found else None


def serve(there: Partner, feed: dict[str, bytes]) -> None:
    """Answer with the hand-written feed."""
    there.replies = {"/vdv454/aus": respond(feed["aus"]), "/vdv454/ref-aus": respond(feed["ref-aus"])}


async def test_hand_written_feed(mini_feed: dict[str, bytes], tmp_path: Path) -> None:
    """By hand: 3 departures 20, 90 and 301 s late, 1 cancelled trip, all marked as simulation."""
    ledger = Ledger()
    async with partner() as there:
        serve(there, mini_feed)
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: len(ledger.events) == 4 and bool((now := only(reader)) and not now.waiting))
            status = only(reader)
    departed = [event for event in ledger.events if event.type == DEPARTED]
    assert [event.data["delay_s"] for event in departed] == [20, 90, 301]
    assert [event.data["stop_name"] for event in departed] == ["Rathaus", "Duisburg Hauptbahnhof", "Lutherplatz"]
    assert {event.data["direction"] for event in ledger.events} == {"Zoo/Uni"}
    assert all(event.synthetic for event in ledger.events)
    assert status is not None
    assert status.synthetic
    assert status.accepted == {DEPARTED: 3, TRIP_CANCELLED: 1, PREDICTED: 5}
    assert len({event.subject for event in ledger.predictions}) == 3
    assert status.rejected == {}
    assert status.checkpoint_at == status.data_at == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    assert status.age_s(NOW) == timedelta(minutes=1).total_seconds()


@pytest.mark.parametrize("name", BAD)
async def test_bad_answer_costs_nothing_but_a_count(name: str, mini_feed: dict[str, bytes], tmp_path: Path) -> None:
    reason, bad = BAD[name]
    ledger = Ledger()
    async with partner() as there:
        serve(there, mini_feed)
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: len(ledger.events) == 4)
            there.replies["/vdv454/aus"] = bad
            await until(lambda: bool((now := only(reader)) and now.error))
            shown = only(reader)
            there.replies["/vdv454/aus"] = respond(mini_feed["aus"].replace(b"-001#SIM", b"-009#SIM"))
            await until(lambda: len(ledger.events) == 7 and bool((now := only(reader)) and not now.error))
    assert shown is not None
    assert shown.rejected[f"answer_{reason}"] >= 1
    assert shown.data_at == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    assert shown.failed_at == NOW
    assert shown.error.startswith(("the answer", "the partner", "http"))
    assert len(ledger.ids) == 7


async def test_bad_items_are_refused_one_by_one(mini_feed: dict[str, bytes], tmp_path: Path) -> None:
    feed = msgspec.json.decode(mini_feed["aus"])
    good = feed["IstFahrt"]
    broken = msgspec.json.encode(good[0]).replace(b"2026-11-20T08:03:00+01:00", b"2026-11-20T08:63:00+01:00", 1)
    feed["IstFahrt"] = [msgspec.Raw(broken), 7, {"LinienID": "901"}, *good, {"FahrtID": {}, "LinienID": "\x00"}]
    ledger = Ledger()
    async with partner() as there:
        serve(there, mini_feed)
        wrongly_encoded = msgspec.json.encode(feed).replace(b'"\\u0000"', b'"\xff"')
        there.replies["/vdv454/aus"] = respond(wrongly_encoded)
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: len(ledger.events) == 4)
            status = only(reader)
    assert status is not None
    assert status.rejected["schema"] % 4 == 0
    assert status.last_reject.startswith("IstFahrt[8]")
    assert status.error == ""


async def test_timetable_that_cannot_be_had_is_counted_and_reports_go_on(
    mini_feed: dict[str, bytes], tmp_path: Path
) -> None:
    ledger = Ledger()
    async with partner() as there:
        there.replies = {"/vdv454/aus": respond(mini_feed["aus"]), "/vdv454/ref-aus": respond(BOMB, 500)}
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: len(ledger.events) == 4)
            status = only(reader)
    assert status is not None
    assert status.rejected == {"reference_http_status": 1}
    assert status.noted["without_reference"] == 3


async def test_etag_and_cursor_are_sent_back(mini_feed: dict[str, bytes], tmp_path: Path) -> None:
    """The answer after the first has the same cursor, so its ETag is for this question and comes back with it; a 304
    with the partner's clock lets what was predicted become known."""
    ledger = Ledger()
    quiet = b"HTTP/1.1 304 X\r\ndate: Fri, 20 Nov 2026 07:30:45 GMT\r\ndate: Fri, 20 Nov 2026 07:30:50 GMT\r\n\r\n"
    async with partner() as there:
        serve(there, mini_feed)
        there.replies["/vdv454/aus"] = respond(mini_feed["aus"], etag='"e1"')
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: any('if-none-match: "e1"' in head for head in there.requests))
            there.replies["/vdv454/aus"] = quiet
            at = datetime(2026, 11, 20, 7, 30, 50, tzinfo=UTC)
            await until(lambda: bool((now := only(reader)) and now.data_at == at))
    asked = [head for head in there.requests if head.startswith("GET /vdv454/aus")]
    assert ["seit=sample-1" in head for head in asked[:3]] == [False, True, True]
    assert ["if-none-match" in head for head in asked[:3]] == [False, False, True]


async def test_expired_cursor_starts_again_without_one(mini_feed: dict[str, bytes], tmp_path: Path) -> None:
    ledger = Ledger()
    async with partner() as there:
        serve(there, mini_feed)
        there.replies = {"/vdv454/aus?seit=": respond(b"{}", 410), **there.replies}
        async with running(there, tmp_path, ledger) as reader:
            await until(lambda: bool((now := only(reader)) and now.rejected.get("answer_cursor_expired", 0) >= 2))
    assert len(ledger.events) == 4
    assert sum(head.startswith("GET /vdv454/aus HTTP") for head in there.requests) >= 2


async def test_partner_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(FeedFault, match="cannot be reached") as caught:
            await download(http, "http://127.0.0.1:1/vdv454/aus", params={}, etag=None)
    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize(
    "url", ["http://[::1/x", "http://feed\x00.example/", "http://feed.example:99999999/", "ftp://x/"]
)
async def test_address_that_is_none_is_a_fault_of_the_feed(url: str) -> None:
    """A partner may have written it: the next page of an answer."""
    async with httpx.AsyncClient() as http:
        with pytest.raises(FeedFault) as caught:
            await download(http, url, params={}, etag=None)
    assert caught.value.reason == "unreachable"


async def test_partner_that_drips_is_left(tmp_path: Path) -> None:
    released = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n{")
        await writer.drain()
        await released.wait()

    async with partner() as there, httpx.AsyncClient() as http:
        there.replies["/"] = drip
        with pytest.raises(FeedFault) as caught:
            await download(http, there.url, params={}, etag=None, deadline_s=0.2)
        released.set()
    assert caught.value.reason == "timeout"
