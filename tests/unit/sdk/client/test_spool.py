"""The spool: what `put` has returned for is never lost, and nothing is lost in silence."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.sdk.client.delivery import Parcel, Result, judge_of
from cityhub.sdk.client.session import Patience
from cityhub.sdk.client.spool import Bounds, Drained, Spool
from cityhub.sdk.errors import HubRefused, NotAcknowledged, RejectedEvent, SpoolFull, SpoolUnusable
from tests.unit.adapters.doors.world import CONTRACTS, event
from tests.unit.sdk.client.local_hub import LocalHub, Time, publisher

ROOT = Path(__file__).parents[4]
KILLS = 8
HOUR = 3600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def ids(count: int) -> list[str]:
    return [event(number).id for number in range(count)]


def test_what_waits_is_sent_in_order_and_then_gone(hub: LocalHub, time: Time, path: Path) -> None:
    with Spool(path) as spool, publisher(hub, time) as sender:
        assert [spool.put(event(number)) for number in range(3)] == [0, 1, 2]
        assert spool.put_all(event(number) for number in range(3, 1_200)) == list(range(3, 1_200))
        assert spool.drain(sender) == Drained(1_200, 0)
        assert (spool.holding().waiting, spool.holding().bytes) == (0, 0)
        assert spool.drain(sender) == Drained(0, 0)
    assert hub.written() == ids(1_200)


def test_a_producer_keeps_its_name_and_gives_no_number_twice(hub: LocalHub, time: Time, path: Path) -> None:
    with publisher(hub, time) as sender:
        for first in (0, 2):
            with Spool(path) as spool:
                spool.put_all([event(first), event(first + 1)])
                spool.drain(sender)
                name = spool.holding().producer
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")
    said = [(headers["cityhub-producer"], headers["cityhub-sequence"]) for headers, _ in hub.asked]
    assert said == [(name, "0,1"), (name, "2,3")]
    with Spool(path.with_name("other.db")) as other:
        assert other.holding().producer != name


def test_the_header_of_numbers_stays_short_enough_for_proxies(hub: LocalHub, time: Time, path: Path) -> None:
    with Spool(path) as spool, publisher(hub, time) as sender:
        spool._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('waiting', 123456789012)")
        assert spool.put_all(event(number) for number in range(700))[0] == 123456789012
        assert spool.drain(sender) == Drained(700, 0)
    assert max(len(headers["cityhub-sequence"]) for headers, _ in hub.asked) <= 4_000
    assert hub.written() == ids(700)


def test_what_is_refused_is_kept_with_its_reason(hub: LocalHub, time: Time, path: Path) -> None:
    with Spool(path, wall=time.wall) as spool, publisher(hub, time) as sender:
        spool.put_all([event(0), event(1, fill=7), event(2)])
        assert spool.drain(sender) == Drained(2, 1)
        assert [hub.asked[0][0]["cityhub-sequence"], *hub.written()] == ["0,1,2", event(0).id, event(2).id]
        (kept,) = spool.refused()
        assert (kept.number, kept.result.reason, kept.result.pointer, kept.at) == (
            1,
            "contract",
            "/data/fill",
            time.wall(),
        )
        assert msgspec.json.decode(kept.event)["data"] == {"fill": 7}
        assert (spool.holding().waiting, spool.holding().refused) == (0, 1)
        spool.forget([1])
        assert (spool.holding().refused, spool.holding().bytes, list(spool.refused())) == (0, 0, [])


def test_many_that_are_refused_are_all_listed(hub: LocalHub, time: Time, path: Path) -> None:
    with Spool(path) as spool, publisher(hub, time) as sender:
        spool.put_all(event(number, fill=7) for number in range(250))
        assert spool.drain(sender) == Drained(0, 250)
        assert [one.number for one in spool.refused()] == list(range(250))


def test_a_judge_keeps_bad_events_out_without_using_a_number(path: Path, time: Time) -> None:
    with Spool(path, judge=judge_of(CONTRACTS, "wbd", time.wall)) as spool:
        with pytest.raises(RejectedEvent, match=r"data\.fill: 7 is more than 1"):
            spool.put(event(0, fill=7))
        assert spool.put(event(0)) == 0


def test_a_full_spool_says_so_and_takes_nothing(path: Path) -> None:
    with Spool(path, bounds=Bounds(events=3)) as spool:
        spool.put_all([event(0), event(1)])
        with pytest.raises(SpoolFull, match=r"is full: 2 events wait, 0 were refused, .* takes 3 events"):
            spool.put_all([event(2), event(3)])
        assert spool.put(event(2)) == 2
        size = spool.holding().bytes
    with Spool(path, bounds=Bounds(bytes=size + 10)) as spool:
        with pytest.raises(SpoolFull, match="give it wider bounds"):
            spool.put(event(3))
        assert (spool.holding().waiting, spool.holding().bytes) == (3, size)


def test_a_full_disk_says_so_and_takes_nothing(path: Path) -> None:
    with Spool(path) as spool:
        spool.put(event(0))
        pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
        spool._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(SpoolFull, match="the disk of the spool"):
            spool.put_all(event(number) for number in range(1, 1_000))
        assert spool.holding().waiting == 1


def test_a_file_that_is_no_spool_is_left_alone(path: Path) -> None:
    path.write_bytes(b"something else, and longer than the head of a database" * 20)
    with pytest.raises(SpoolUnusable, match="keep the file, and begin with another"):
        Spool(path)
    assert path.read_bytes().startswith(b"something else")
    with pytest.raises(SpoolUnusable, match="name a file that may be written"):
        Spool(path.parent / "nowhere" / "spool.db")


def test_events_are_on_the_disk_before_put_returns(path: Path) -> None:
    with Spool(path) as spool:
        assert spool._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert spool._db.execute("PRAGMA synchronous").fetchone() == (2,)
        spool.put(event(0))
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT count(*) FROM waiting").fetchone() == (1,)
        other.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_interrupted_drain_keeps_what_was_not_answered(hub: LocalHub, time: Time, path: Path) -> None:
    hub.faults.extend(["", *["503"] * 50])
    with Spool(path) as spool, publisher(hub, time) as sender:
        spool.put_all(event(number) for number in range(1_500))
        with pytest.raises(NotAcknowledged):
            spool.drain(sender)
        assert spool.holding().waiting == 500
        hub.faults.clear()
        assert spool.drain(sender) == Drained(500, 0)
    assert hub.written() == ids(1_500)


def test_half_a_batch_that_was_answered_is_not_sent_again(hub: LocalHub, time: Time, path: Path) -> None:
    hub.faults.extend(["413", "", *["503"] * 50])
    with Spool(path) as spool, publisher(hub, time) as sender:
        spool.put_all([event(0), event(1, fill=7), event(2), event(3)])
        with pytest.raises(NotAcknowledged):
            spool.drain(sender)
        assert (spool.holding().waiting, [one.number for one in spool.refused()]) == (2, [1])


def test_a_hub_that_refuses_the_client_costs_no_event(hub: LocalHub, time: Time, path: Path) -> None:
    hub.faults.extend(["401", "401"])
    with Spool(path) as spool, publisher(hub, time) as sender:
        spool.put(event(0))
        with pytest.raises(HubRefused):
            spool.drain(sender)
        assert spool.holding().waiting == 1


def test_threads_share_a_spool(hub: LocalHub, time: Time, path: Path) -> None:
    with Spool(path) as spool, publisher(hub, time) as sender:
        threads = [
            threading.Thread(target=lambda part=part: [spool.put(event(part * 50 + one)) for one in range(50)])
            for part in range(4)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            spool.drain(sender)
        spool.drain(sender)
    assert sorted(hub.written()) == sorted(ids(200))


def test_an_outage_of_72_hours_is_bridged(hub: LocalHub, time: Time, path: Path) -> None:
    """An event every ten minutes, a drain every hour, on a clock that passes in pauses only."""
    with Spool(path) as spool, publisher(hub, time, patience=Patience(deadline_s=HOUR / 12)) as sender:
        hub.away = True
        put, next_drain = 0, float(HOUR)
        while time.seconds < 72 * HOUR:
            while put * HOUR / 6 <= time.seconds:
                spool.put(event(put))
                put += 1
            if time.seconds >= next_drain:
                next_drain += HOUR
                with pytest.raises(NotAcknowledged):
                    spool.drain(sender)
            time.seconds = (time.seconds // 600 + 1) * 600
        assert (put, spool.holding().waiting, hub.written()) == (432, 432, [])
        hub.away = False
        assert spool.drain(sender) == Drained(432, 0)
    assert hub.written() == ids(432)


def test_a_process_that_is_killed_again_and_again_loses_nothing(hub: LocalHub, path: Path) -> None:
    luck = random.Random(7)  # noqa: S311 - a seed, no secret
    safe: list[int] = []
    for _ in range(KILLS):
        safe += _killed(path, hub, len(safe), safe_ones=luck.randrange(3, 30))
    with Spool(path) as spool, publisher(hub, Time()) as sender:
        producer = spool.holding().producer
        spool.drain(sender)
    assert len(safe) >= KILLS * 3
    assert {event(number).id for number in safe} <= set(hub.written())
    by_number: dict[str, set[bytes]] = {}
    for headers, body in hub.asked:
        assert headers["cityhub-producer"] == producer
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
        for number, item in zip(headers["cityhub-sequence"].split(","), items, strict=True):
            by_number.setdefault(number, set()).add(bytes(item))
    assert all(len(bodies) == 1 for bodies in by_number.values())  # a number is always the same event
    assert sorted(map(int, by_number)) == list(range(len(by_number)))


def _killed(path: Path, hub: LocalHub, first: int, safe_ones: int) -> list[int]:
    """What a child says is safe until it is killed, soon after it has said so many."""
    command = [sys.executable, "-m", "tests.unit.sdk.client.spooling_child", str(path), hub.url, str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(safe_ones)]
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
        told += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return told


class _Lying:
    """A sender that gives fewer answers than events."""

    def send(self, parcels: Sequence[Parcel], producer: str = "") -> list[Result]:
        return [Result(id=one.id, status="accepted") for one in parcels[1:]]


def test_answers_that_do_not_fit_settle_nothing(path: Path) -> None:
    lying: Any = _Lying()
    with Spool(path) as spool:
        spool.put_all([event(0), event(1)])
        with pytest.raises(ValueError, match="zip"):
            spool.drain(lying)
        assert spool.holding().waiting == 2
