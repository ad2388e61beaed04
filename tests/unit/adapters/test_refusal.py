"""What an adapter refuses is a dead letter: one of each, with its bytes where they may be kept, whatever is killed."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.duisport.gauge.source import DUISPORT_GAUGE
from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.dvv.grid.source import DVV_GRID
from cityhub.adapters.gebag.flats.source import GEBAG_FLATS
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Effects, Outbox
from cityhub.adapters.kit.polling import delivered
from cityhub.adapters.kit.refusal import MOST_BYTES, refusals
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.reject import Reject, with_items
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.wbd.bins.source import LEVEL, WBD_BINS
from cityhub.bus.letters import Came, Letter, letter_of
from cityhub.bus.letters import letter as door_letter
from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from tests.unit.adapters.conformance.broker import Broker, Killed, Point, Record
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.world import CONTRACTS, event
from tests.unit.adapters.journals import PSEUDONYMS

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SYSTEM = "//test/system"
BAD = Reject("schema", "messages[0].fill", "Expected `float`, got `str`", b'{"bin": 7, "fill": "full"}')


def letter(source: Source, reject: Reject) -> Letter:
    """The only one."""
    (refusal,) = refusals(source, SYSTEM, [reject])
    return letter_of(0, Record("", *refusal.record))


def level(number: int, fill: float | str = 0.5, time: datetime = NOW) -> Fact:
    return Fact(type=LEVEL, time=time, subject=f"bin-{number}", key=(f"bin-{number}",), data={"fill": fill})


class Repeating(Adapter):
    """A source that sends the same whole state whenever it is asked; where the bad items stand in it changes."""

    def __init__(self, *states: Reading) -> None:
        self._states = itertools.cycle(states)

    @property
    def source(self) -> Source:
        return WBD_BINS

    async def ask(self, known: Known) -> Reading:
        return next(self._states)


async def live(folder: Path, adapter: Adapter, broker: Broker, point: Point = lambda _: None, steps: int = 4) -> None:
    """Some questions, each delivered."""
    link = Link(url="mqtt://x", synthetic=False)
    async with httpx.AsyncClient() as http:
        tools = Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS)
        with Outbox(folder / "adapters.db") as outbox:
            feed = SourceFeed(adapter, link, outbox, Register(http, "", tools.clock), tools.clock)
            for _ in range(steps):
                await feed.step()
                point("step")
                while await delivered(WBD_BINS, outbox, broker):
                    point("acknowledged")


def states() -> list[Reading]:
    """Three refused in the first, the same in the second at other places, one more in the third."""
    later = Reject(BAD.reason, "messages[9].fill", BAD.detail, BAD.item)
    other = Reject(BAD.reason, "messages[9].fill", BAD.detail, b'{"bin": 8, "fill": "full"}')
    facts = [level(1), level(2, fill=7.0), level(3, time=NOW + timedelta(hours=1))]
    return [
        Reading(facts=facts, rejects=[BAD]),
        Reading(facts=facts[::-1], rejects=[later, later]),
        Reading(facts=facts, rejects=[other, BAD]),
    ]


async def test_a_source_that_repeats_its_state_has_one_letter_of_each_refused_item(tmp_path: Path) -> None:
    broker = Broker()
    await live(tmp_path, Repeating(*states()), broker, steps=9)
    found = [(one.reason, one.type, one.door, one.topic) for one in broker.letters]
    assert found == [
        (reason, LEVEL, "adapter", "wbd.bins") for reason in ("schema", "contract", "time_in_future", "schema")
    ]
    assert len({one.origin for one in broker.letters}) == 4
    (status,) = AdapterStatusReader(tmp_path / "adapters.db").all()
    assert status.rejected == {"schema": 15, "contract": 9, "time_in_future": 9}


async def test_killed_anywhere_a_refusal_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    points = itertools.count()
    (tmp_path / "whole").mkdir()

    def adapter() -> Adapter:
        return Repeating(*states())

    whole = Broker(lambda _: next(points) and None)
    await live(tmp_path / "whole", adapter(), whole, lambda _: next(points) and None)
    total, kept = next(points), list[Letter]()
    for at in range(1, total + 1):
        left = itertools.count(1)

        def fuse(_: str, left: itertools.count[int] = left, at: int = at) -> None:
            if next(left) == at:
                raise Killed

        broker = Broker(fuse)
        with suppress(Killed):
            await live(tmp_path, adapter(), broker, fuse)
        kept += broker.letters
    last = Broker()
    await live(tmp_path, adapter(), last)
    found = {one.origin: (one.reason, one.body, one.error) for one in [*kept, *last.letters]}
    assert found.keys() == {one.origin for one in whole.letters}
    assert len(found) == 4
    assert len(kept) + len(last.letters) <= 4 + total, "at most one batch comes again per kill"


async def test_what_was_not_repeated_for_a_week_is_another_refusal(tmp_path: Path) -> None:
    told: list[str] = []
    with Outbox(tmp_path / "adapters.db") as outbox:
        step = outbox.open(WBD_BINS, "mqtt://x").step
        for days in (0, 6, 12, 20):
            at = NOW + timedelta(days=days)
            step = outbox.commit(WBD_BINS, step, effects(at, [BAD]))
            last, records = outbox.letters(WBD_BINS.feed, 10)
            told += [f"{days}"] * len(records)
            outbox.acknowledge(WBD_BINS.feed, 0, last)
    assert told == ["0", "20"]


def test_bytes_are_kept_where_the_form_has_no_place_for_persons() -> None:
    kept = letter(WBD_BINS, BAD)
    assert (kept.kept, kept.body, kept.error, kept.attribute) == (True, BAD.item, BAD.detail, BAD.path)
    secret = letter(GEBAG_FLATS, BAD)
    assert (secret.kept, secret.body, secret.error) == (False, b"", "")
    assert (secret.reason, secret.attribute, secret.size) == ("schema", BAD.path, len(BAD.item))
    assert secret.sha256 == hashlib.sha256(BAD.item).hexdigest()
    long = letter(WBD_BINS, Reject("schema", "x", "y", b"x" * (MOST_BYTES + 1)))
    assert (long.kept, long.body, long.size) == (False, b"", MOST_BYTES + 1)


async def test_an_event_that_only_the_door_refused_is_kept_by_the_doors_rule(tmp_path: Path) -> None:
    broker = Broker()
    unnamed = Fact(type=LEVEL, time=NOW, subject="bin-9", key=("9",), data={"fill": 0.5, "halterin": "M. Musterfrau"})
    await live(tmp_path, Repeating(Reading(facts=[level(2, fill=7.0), unnamed])), broker, steps=1)
    high, named = broker.letters
    assert (high.kept, high.attribute, high.type, high.source) == (True, "data.fill", LEVEL, "//wbd/chirpstack")
    assert high.id
    assert (named.kept, named.body, named.attribute, named.reason) == (False, b"", "data", "unnamed_field")


async def test_an_event_that_is_too_large_to_be_one_is_counted_without_its_bytes(tmp_path: Path) -> None:
    broker = Broker()
    await live(tmp_path, Repeating(Reading(facts=[level(1), level(2, fill="x" * 99_999)])), broker, steps=2)
    (found,) = broker.letters
    assert (found.reason, found.type, found.kept, found.body) == ("contract", LEVEL, False, b"")
    assert len(broker.events) == 2


def test_noise_of_a_radio_is_no_letter() -> None:
    """Of a receiver's sentences one in ten is damaged: beside the few events that it makes they would be all of X02."""
    line = Reject("checksum", "line[7]", "was damaged on its way", b"!AIVDM,1,1,,A,139,0*06")
    assert refusals(DUISPORT_VESSELS, SYSTEM, [line]) == []
    assert len(refusals(WBD_BINS, SYSTEM, [line])) == 1


def test_what_an_item_says_of_itself_is_not_taken_for_an_event() -> None:
    item = b'{"id": "4711", "source": "//x", "type": "de.duisburg.city.case.opened.v1"}'
    found = letter(DUISPORT_GAUGE, Reject("schema", "stations[0]", "x", item))
    assert (found.id, found.source, found.type, found.body) == ("", "", DUISPORT_GAUGE.event_types[0], item)
    several = letter(DVV_GRID, BAD)
    assert (several.type, several.topic, len(DVV_GRID.event_types) > 1) == ("", "dvv.grid", True)


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("data[1].evses[0].status", b'{"s":2}'),
        ("data[1].evses[7].status", b'{"evses":[{"s":2}],"n":1}'),
        ("data[0]", b"3"),
        ("data[9]", b""),
        ("other[0]", b""),
        ("data", b""),
        ("", b""),
        ("data[1].n[0]", b'{"evses":[{"s":2}],"n":1}'),
    ],
)
def test_the_item_of_a_path(path: str, item: bytes) -> None:
    answer = b'{"data":[3,{"evses":[{"s":2}],"n":1}]}'
    (found,) = with_items([Reject("unit", path, "x")], answer)
    assert found.item == item


def test_a_list_may_be_the_answer_itself_and_what_is_no_json_has_no_items() -> None:
    for path in ("[1].x", "events[1].payload"):
        assert with_items([Reject("unit", path, "x")], b"[1,2]")[0].item == b"2"
    for answer in (b"", b"\xff[", b"[" * 99_999, b"<a/>"):
        assert with_items([Reject("unit", "[0]", "x")], answer)[0].item == b""
    assert with_items([BAD], b"[1]") == [BAD]


def effects(at: datetime, rejects: Sequence[Reject]) -> Effects:
    return Effects(
        position=b"",
        events=[],
        memory={},
        system=SYSTEM,
        synthetic=False,
        succeeded_at=at,
        told_upto=None,
        rejects=rejects,
        noted=Counter(),
    )


async def test_a_letter_of_an_adapter_is_for_its_source() -> None:
    desk = Desk()
    why = RejectedEvent("contract", "data.fill: 1.5 is more than 1", "data.fill")
    record = door_letter(codec.encode(event(1, fill=1.5)), why, Came("adapter", "ab", "wbd.bins"), CONTRACTS)
    desk.broker.topics["du.dlq.wbd"] = [record]
    result = await desk.drive_one(edit=Edit(merge={"fill": 0.5}))
    assert (result.status, result.reason) == ("refused", "adapter")
    assert "its source has to send it again" in result.detail
    assert "du.evt.wbd.bin.v1" not in desk.broker.topics
