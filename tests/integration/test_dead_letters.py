"""Dead letters on the real broker: refused at the door, mended, driven in again, and killed in between."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from cityhub.adapters.doors.http import HttpDoor
from cityhub.adapters.doors.limits import Gauge, Limits
from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.doors.redrive import Redrive
from cityhub.adapters.doors.wishes import Who, Wish
from cityhub.api.partner.letters import PATH, LetterRoutes
from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.audit_trail import DONE, AuditTrail
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.letters import LetterBox
from cityhub.bus.log_span import Span, opened
from cityhub.bus.publisher import Outgoing, RecordPublisher
from cityhub.bus.whole_topic import TopicRecord, WholeTopic
from cityhub.hub import cli
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event, make_event
from cityhub.sdk.principal import Principal
from tests.integration.servers import Installation

TYPE, EVENTS = "de.duisburg.wbd.bin.level-observed.v1", topics.events("wbd", "bin")
ADMIN = Principal(subject="anna", organisation="wbd", roles=frozenset({"partner-publisher", "partner-admin"}))


class Bench:
    """Door and routes over the broker; its events have a source of their own."""

    def __init__(self, access: KafkaAccess, writer: RecordPublisher) -> None:
        self.access, self.writer = access, writer
        self.source = f"//wbd/{uuid4().hex}"
        self.began = datetime.now(UTC)
        self.box, self.contracts = LetterBox(access), load_contracts()
        door = HttpDoor(self.contracts, writer, Gauge(Limits(), time.monotonic), _now)

        async def principal_of(_: object) -> Principal:
            return ADMIN

        async def answer(request: Request) -> Response:
            return await door.answer(request, ADMIN)

        letters = LetterRoutes(self.box, self.redrive(writer), principal_of).routes()
        self.app = Starlette(routes=[Route("/v1/events", answer, methods=["POST"]), *letters])

    def redrive(self, writer: RecordPublisher) -> Redrive:
        return Redrive(self.box, AuditTrail(self.access, writer), writer, self.contracts, _now)

    async def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return (await client.request(method, path, **more)).raise_for_status()  # type: ignore[arg-type]

    async def send(self, *events: Event) -> None:
        headers = {"content-type": codec.BATCH}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            await client.post("/v1/events", content=codec.encode_batch(events), headers=headers)

    async def offsets(self) -> list[int]:
        """Of the letters about its events."""
        async with self.box.opened("wbd", Span(since=self.began - timedelta(minutes=1))) as pile:
            return [one.offset async for one in pile.letters if one.source == self.source]

    async def written(self) -> list[TopicRecord]:
        """Records of its events."""
        found = [one async for one in WholeTopic(self.access, EVENTS.name, client_id="test").records()]
        return [one for one in found if one.value and codec.decode(one.value).source == self.source]

    def event(self, number: int, fill: float) -> Event:
        return make_event(
            type_=TYPE,
            source=self.source,
            natural_key=(str(number),),
            version="1",
            subject=f"bin-{number}",
            time=self.began.replace(microsecond=0),
            recorded_at=self.began,
            data={"fill": fill},
        )


class Killed(RecordPublisher):
    """Writes events and what is wanted, and dies before it can say that it is done."""

    sent = 0

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        self.sent += topic == topics.AUDIT
        if self.sent > 1:
            raise BusUnavailable("killed")
        return await super().send(topic, records)


@pytest.fixture
async def bench(kafka_access: KafkaAccess) -> AsyncIterator[Bench]:
    topics.ensure(kafka_access, [EVENTS, topics.dead_letters("wbd"), topics.audit()])
    async with RecordPublisher(kafka_access, client_id="test") as writer:
        yield Bench(kafka_access, writer)


async def test_mended_events_stand_in_their_topic_once_with_their_ids(bench: Bench) -> None:
    await bench.send(bench.event(0, 0.5), *(bench.event(number, 1.5) for number in (1, 2, 3)))
    offsets = await bench.offsets()
    for offset in offsets[:2]:
        asked = {"letters": [{"part": 0, "offset": offset}], "dry_run": False, "edit": {"merge": {"fill": 0.25}}}
        for status in ("redriven", "already"):
            told = (await bench.ask("POST", f"{PATH}/redrive", json=asked)).json()
            assert told["counts"] == {status: 1}
    still_wrong = {"since": bench.began.isoformat(), "type": TYPE, "dry_run": False}
    told = (await bench.ask("POST", f"{PATH}/redrive", json=still_wrong)).json()
    assert (told["counts"]["already"], told["reasons"]) == (2, {"contract": 1})

    written = [codec.decode(one.value or b"") for one in await bench.written()]
    expected = [bench.event(0, 0.5), bench.event(1, 0.25), bench.event(2, 0.25)]
    assert sorted(written, key=lambda one: one.subject) == [replace(one, recordedtime=bench.began) for one in expected]
    assert await bench.offsets() == offsets
    shown = (await bench.ask("GET", f"{PATH}/0/{offsets[0]}")).json()
    assert (shown["state"], shown["deed"]["subject"], shown["deed"]["fields"]) == ("redriven", "anna", ["fill"])
    listed = (await bench.ask("GET", PATH, params={"since": bench.began.isoformat(), "type": TYPE})).json()
    assert listed["counts"] == {"redriven": 2, "open": 1}


async def test_killed_before_it_was_done_and_repeated_it_has_one_id(bench: Bench) -> None:
    await bench.send(bench.event(1, 1.5))
    (offset,) = await bench.offsets()
    asked = {"letters": [{"part": 0, "offset": offset}], "dry_run": False, "edit": {"merge": {"fill": 0.25}}}
    async with Killed(bench.access, client_id="test") as killed:
        routes = LetterRoutes(bench.box, bench.redrive(killed), _admin).routes()
        transport = httpx.ASGITransport(Starlette(routes=list(routes)))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            assert (await client.post(f"{PATH}/redrive", json=asked)).status_code == 503
    assert (await bench.ask("GET", f"{PATH}/0/{offset}")).json()["state"] == "wanted"

    told = (await bench.ask("POST", f"{PATH}/redrive", json=asked)).json()
    assert told["counts"] == {"redriven": 1}
    written = await bench.written()
    assert {codec.decode(one.value or b"").id for one in written} == {bench.event(1, 0.25).id}
    assert {one.headers["cityhub_origin"] for one in written} == {f"redrive:wbd/0/{offset}".encode()}
    assert {one.value for one in written} == {written[0].value}
    assert (await bench.ask("GET", f"{PATH}/0/{offset}")).json()["state"] == "redriven"


async def test_a_span_holds_what_lies_in_it(kafka_access: KafkaAccess) -> None:
    spec = topics.TopicSpec(f"du.dlq.t{uuid4().hex[:8]}", 1, topics.dead_letters("wbd").config)

    async def offsets(span: Span) -> tuple[list[int], bool]:
        async with opened(kafka_access, spec, span, client_id="test") as found:
            return [record.offset async for _, record in found.records], found.cut

    assert await offsets(Span()) == ([], False)
    topics.ensure(kafka_access, [spec])
    assert await offsets(Span()) == ([], False)
    async with RecordPublisher(kafka_access, client_id="test") as writer:
        await writer.send(spec.name, [(None, b"%d" % number, []) for number in range(5)])
    everything = Span()
    async with opened(kafka_access, spec, everything, client_id="test") as found:
        times = [datetime.fromtimestamp(record.timestamp / 1000, UTC) async for _, record in found.records]
    after = times[-1] + timedelta(milliseconds=1)
    assert await offsets(everything) == ([0, 1, 2, 3, 4], False)
    assert await offsets(Span(most=2)) == ([3, 4], True)
    assert await offsets(Span(first=1, before=3)) == ([1, 2], False)
    assert await offsets(Span(first=1, before=4, most=2)) == ([2, 3], True)
    assert await offsets(Span(since=times[0], until=after)) == ([0, 1, 2, 3, 4], False)
    assert await offsets(Span(since=after)) == ([], False)
    assert await offsets(Span(until=times[0])) == ([], False)
    assert await offsets(Span(since=datetime(1, 1, 1, tzinfo=UTC), before=10**30)) == ([0, 1, 2, 3, 4], False)


async def test_the_trail_is_read_on_and_by_partner(bench: Bench) -> None:
    await bench.send(bench.event(1, 1.5), bench.event(2, 1.5))
    trail, edit = AuditTrail(bench.access, bench.writer), Edit(merge={"fill": 0.25})
    for count, offset in enumerate(await bench.offsets(), 1):
        wish = Wish(letters=((0, offset),), edit=edit)
        await bench.redrive(bench.writer).run(Who("anna", "wbd"), "wbd", wish, dry_run=False)
        assert [one.what for one in await trail.newest("wbd", bench.began)] == [DONE] * count
        assert [one.offset for one in await trail.newest("wbd", bench.began)][-1] == offset
    assert list(await trail.newest("dvv", bench.began)) == []
    assert list(await trail.newest("wbd", _now() + timedelta(hours=1))) == []


async def test_the_operators_commands(bench: Bench, installation: Installation, tmp_path: Path) -> None:
    await bench.send(bench.event(1, 1.5))
    (offset,) = await bench.offsets()
    edit = tmp_path / "edit.json"
    edit.write_text('{"merge": {"fill": 0.25}}')
    env = installation.settings.to_environment({})

    async def run(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, ["dead-letters", *arguments], env=env)
        return done.exit_code, done.output

    code, said = await run("list", "wbd", "--type", TYPE, "--first", "1")
    assert (code, f"0/{offset} " in said, "1.5 is more than 1" in said) == (0, True, True), said
    code, said = await run("show", "wbd", f"0/{offset}")
    assert (code, '"fill": 1.5' in said, "today" in said) == (0, True, True), said
    wish = ("redrive", "wbd", f"0/{offset}", "--by", "Berta")
    assert (await run(*wish))[0] == 1
    assert "would_redrive" in (await run(*wish, "--edit", str(edit), "--dry-run"))[1]
    code, said = await run(*wish, "--edit", str(edit), "--json")
    assert (code, json.loads(said)["counts"]) == (0, {"redriven": 1}), said
    told = json.loads((await run("show", "wbd", f"0/{offset}", "--json"))[1])
    assert (told["state"], told["deed"]["subject"], told["deed"]["organisation"]) == ("redriven", "Berta", "hub")
    assert (await run("show", "wbd", f"0/{offset + 1}")) == (
        1,
        f"wbd has no dead letter 0/{offset + 1}; they are kept 35 days\n",
    )


async def _admin(_: object) -> Principal:
    return ADMIN


def _now() -> datetime:
    return datetime.now(UTC)
