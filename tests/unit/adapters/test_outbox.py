"""Nothing that was accepted leaves adapters.db before the broker has it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.errors import FeedFault, StateUnavailable
from cityhub.adapters.kit.outbox import Effects, Outbox
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.status import REJECTS_KEPT, AdapterStatusReader
from cityhub.sdk.event import Event, make_event

AT = datetime(2026, 11, 20, 7, tzinfo=UTC)
FEED = DVV_TRANSIT.feed
TOPIC = "du.evt.dvv.transit.v1"


def event(number: int) -> Event:
    return make_event(
        type_=DVV_TRANSIT.event_types[0],
        source="//dvv/vdv454/test",
        natural_key=(str(number),),
        version="1",
        subject="A",
        time=AT,
        recorded_at=AT,
        data={"n": number},
    )


def effects(*numbers: int, position: bytes = b"p1", **memory: bytes | None) -> Effects:
    return Effects(
        position=position,
        events=[event(number) for number in numbers],
        memory=memory,
        system="//dvv/vdv454/test",
        synthetic=False,
        succeeded_at=AT,
        told_upto=AT,
        noted=Counter(),
    )


def test_events_come_out_in_order_and_stay_until_acknowledged(tmp_path: Path) -> None:
    reader = AdapterStatusReader(tmp_path / "a.db")
    assert reader.remembered(FEED) == {}
    with Outbox(tmp_path / "a.db") as outbox:
        step = outbox.open(DVV_TRANSIT, "http://one").step
        step = outbox.commit(DVV_TRANSIT, step, effects(1, 2, T1=b"trip"))
        outbox.commit(DVV_TRANSIT, step, effects(3, position=b"p2", T1=None, T2=b"other"))
        assert reader.all()[0].checkpoint_at is None
        last, events = outbox.oldest(FEED, 2)
        assert events == {TOPIC: [event(1), event(2)]}
        outbox.acknowledge(FEED, last)
        assert reader.all()[0].waiting == 1
        assert reader.all()[0].checkpoint_at is None
    with Outbox(tmp_path / "a.db") as outbox:
        again = outbox.open(DVV_TRANSIT, "http://one")
        assert (again.step, again.position, again.memory) == (2, b"p2", {"T2": b"other"})
        assert reader.remembered(FEED) == again.memory
        assert reader.remembered("another.feed") == {}
        last, events = outbox.oldest(FEED, 10)
        assert events == {TOPIC: [event(3)]}
        outbox.acknowledge(FEED, last)
        assert outbox.oldest(FEED, 10) == (0, {})
        assert reader.all()[0].checkpoint_at == AT


def test_another_origin_starts_afresh_but_keeps_what_waits(tmp_path: Path) -> None:
    with Outbox(tmp_path / "a.db") as outbox:
        outbox.commit(DVV_TRANSIT, outbox.open(DVV_TRANSIT, "http://one").step, effects(1, T1=b"trip"))
        fresh = outbox.open(DVV_TRANSIT, "http://two")
        assert (fresh.step, fresh.position, fresh.memory) == (0, b"", {})
        assert outbox.waiting(FEED) == 1


def test_second_reader_of_a_feed_is_stopped(tmp_path: Path) -> None:
    with Outbox(tmp_path / "a.db") as one, Outbox(tmp_path / "a.db") as two:
        first, second = one.open(DVV_TRANSIT, "http://one"), two.open(DVV_TRANSIT, "http://one")
        one.commit(DVV_TRANSIT, first.step, effects(1))
        with pytest.raises(StateUnavailable, match=r"another process reads the feed dvv\.transit"):
            two.commit(DVV_TRANSIT, second.step, effects(1))
        assert one.waiting(FEED) == 1


def test_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    with Outbox(tmp_path / "a.db") as outbox:
        step = outbox.commit(DVV_TRANSIT, outbox.open(DVV_TRANSIT, "http://one").step, effects(1))
        pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
        outbox._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        with pytest.raises(StateUnavailable, match=r"a\.db cannot be used: .*full; check free space"):
            outbox.commit(DVV_TRANSIT, step, effects(2, big=b"x" * 100_000))
    with Outbox(tmp_path / "a.db") as outbox:
        assert outbox.open(DVV_TRANSIT, "http://one").step == step
        assert outbox.oldest(FEED, 10)[1] == {TOPIC: [event(1)]}


@pytest.mark.parametrize("damage", ["no database", "folder missing", "folder"])
def test_unusable_file_is_named(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.db"
    if damage != "folder missing":
        path.parent.mkdir()
    if damage == "no database":
        path.write_bytes(b"not a database at all, but long enough to look like a file" * 100)
    if damage == "folder":
        path.mkdir()
    with pytest.raises(StateUnavailable, match=str(path)):
        Outbox(path)


def test_status_before_the_first_start_is_empty(tmp_path: Path) -> None:
    assert AdapterStatusReader(tmp_path / "a.db").all() == ()
    sqlite3.connect(tmp_path / "a.db").close()
    assert AdapterStatusReader(tmp_path / "a.db").all() == ()


def test_unreadable_status_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StateUnavailable, match=r"a\.db cannot be read"):
        AdapterStatusReader(tmp_path / "a.db").all()


def test_fault_keeps_the_last_good_data(tmp_path: Path) -> None:
    later = datetime(2026, 11, 20, 8, tzinfo=UTC)
    with Outbox(tmp_path / "a.db") as outbox:
        outbox.commit(DVV_TRANSIT, outbox.open(DVV_TRANSIT, "http://one").step, effects(1))
        outbox.fail(DVV_TRANSIT, FeedFault("http_status", "http://one answered HTTP 500"), later)
        outbox.not_delivered(FEED, "the broker does not answer")
        (status,) = AdapterStatusReader(tmp_path / "a.db").all()
    assert (status.error, status.failed_at) == ("http://one answered HTTP 500", later)
    assert (status.data_at, status.succeeded_at) == (AT, AT)
    assert status.delivery_error == "the broker does not answer"
    assert status.rejected == {"answer_http_status": 1}


def test_the_newest_refused_items_of_each_feed_are_kept_with_reason_and_place(tmp_path: Path) -> None:
    reader = AdapterStatusReader(tmp_path / "a.db")
    assert reader.refused() == ()
    with Outbox(tmp_path / "a.db") as outbox:
        step = outbox.open(DVV_TRANSIT, "http://one").step
        for first in (0, 70):
            rejects = [Reject("schema", f"IstFahrt[{first + n}]", "x" * 900) for n in range(70)]
            step = outbox.commit(DVV_TRANSIT, step, replace(effects(), rejects=rejects))
        (status,) = reader.all()
    found = reader.refused(FEED)
    assert [one.path for one in found] == [f"IstFahrt[{n}]" for n in range(139, 139 - REJECTS_KEPT, -1)]
    assert {(one.reason, one.at, len(one.detail)) for one in found} == {("schema", AT, 500)}
    assert reader.refused("dvv.lamps") == []
    assert (status.rejected, status.last_reject[:14]) == ({"schema": 140}, "IstFahrt[139]:")


def test_a_file_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    with Outbox(tmp_path / "a.db") as outbox:
        outbox.commit(DVV_TRANSIT, outbox.open(DVV_TRANSIT, "http://one").step, effects(1))
        outbox._db.execute("ALTER TABLE feed_status DROP COLUMN told_upto")
    with Outbox(tmp_path / "a.db") as outbox:
        remembered = outbox.open(DVV_TRANSIT, "http://one")
        outbox.commit(DVV_TRANSIT, remembered.step, effects(2))
        outbox.acknowledge(FEED, outbox.oldest(FEED, 10)[0])
    assert AdapterStatusReader(tmp_path / "a.db").all()[0].checkpoint_at == AT
