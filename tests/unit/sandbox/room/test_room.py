"""What a room promises: the same story gives the same log and numbers, whatever happens to clock and process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cityhub.kpi.proof.service import Number
from cityhub.kpi.values import WindowKind
from cityhub.sandbox.errors import SpecRefused, TooMuch, UnknownThing
from cityhub.sandbox.room.log import TenantLog
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.room.state import Play
from cityhub.sandbox.room.story import Story
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.sandbox.room.rooms import CITY, DAY, OWN, PLAY, START, hours, room, settle, until

NOON = START + timedelta(hours=12)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of half a day, played in one go."""
    one = room(tmp_path_factory.mktemp("known"))
    one.replay(PLAY, 0.0, speed=0)
    until(one, NOON)
    assert len(hours(one, "M07")) == 13
    return closed(one)


def closed(one: Room) -> dict[str, str]:
    found = one.digests()
    one.close()
    return found


def test_any_pace_gives_the_same_digests(tmp_path: Path, known: dict[str, str]) -> None:
    chance, one, real_s = random.Random(3), room(tmp_path), 0.0  # noqa: S311 - must repeat
    one.replay(PLAY, real_s, speed=300)
    while one.standing(real_s).now < NOON - timedelta(hours=1):
        real_s += chance.choice((0.2, 1.0, 7.0, 13.0))
        one.step(real_s)
        if chance.random() < 0.2:
            one.set_clock(real_s, speed=chance.choice((0.0, 60.0, 900.0)), to=None)
    until(one, NOON, real_s)
    assert closed(one) == known


def test_what_the_days_last_minutes_led_to_is_published_though_the_clock_ends_there(tmp_path: Path) -> None:
    fast, slow = room(tmp_path / "fast"), room(tmp_path / "slow")
    fast.replay(PLAY, 0.0, speed=1_000)
    for second in range(95):
        settle(fast, float(second))
    slow.replay(PLAY, 0.0, speed=0)
    until(slow, START + timedelta(days=1))
    assert fast.standing(95.0).now == slow.standing(0.0).now
    assert closed(fast) == closed(slow)


def test_a_room_that_is_closed_and_opened_again_goes_on(tmp_path: Path, known: dict[str, str]) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    for hour in (2, 5, 6, 11):
        until(one, START + timedelta(hours=hour))
        one.close()
        one = room(tmp_path)
    until(one, NOON)
    assert closed(one) == known


def test_back_to_an_instant_is_the_same_as_never_having_been_later(tmp_path: Path, known: dict[str, str]) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    until(one, NOON + timedelta(hours=2))
    until(one, NOON)
    assert one.standing(0.0).now == NOON
    assert closed(one) == known


def test_another_seed_is_another_day(tmp_path: Path, known: dict[str, str]) -> None:
    one = room(tmp_path)
    one.replay(Play(day=DAY, seed=8, streams=PLAY.streams), 0.0, speed=0)
    until(one, NOON)
    assert closed(one)["numbers"] != known["numbers"]


def test_one_more_inject_changes_only_the_windows_that_it_touches(tmp_path: Path) -> None:
    plain, hurt = room(tmp_path / "a"), room(tmp_path / "b")
    begin, end = START + timedelta(hours=6), START + timedelta(hours=8)
    silent = {
        "kind": "silent",
        "where": {"subjects": ["stellplatz-00*"]},
        "from": begin.isoformat(),
        "until": end.isoformat(),
    }
    for one in (plain, hurt):
        one.replay(PLAY, 0.0, speed=0)
    hurt.inject(silent)
    for one in (plain, hurt):
        until(one, NOON)
    before, after = hours(plain, "M07"), hours(hurt, "M07")
    changed = {start for start in before if before[start].digest != after[start].digest}
    held = end  # a state holds until the next observation, so the hour after the silence knows of it
    assert changed == {begin, begin + timedelta(hours=1), held}
    assert {start for start in before if before[start].value != after[start].value} <= changed
    assert hours(plain, "I02") == hours(hurt, "I02")
    plain.close()
    hurt.close()


def test_a_delay_that_is_taken_away_ends_and_a_restart_changes_nothing(tmp_path: Path) -> None:
    plain, gone_on, opened = (room(tmp_path / name) for name in "abc")
    for one in (plain, gone_on, opened):
        one.replay(PLAY, 0.0, speed=0)
        until(one, START + timedelta(hours=1))
    for one in (gone_on, opened):
        one.inject({"kind": "late", "by": "2h"})
        until(one, START + timedelta(hours=2))
        one.clear_injects()
        assert one.standing(0.0).injects == ()
    opened.close()
    opened = room(tmp_path / "c")
    assert opened.standing(0.0).injects == ()
    for one in (plain, gone_on, opened):
        until(one, START + timedelta(hours=5))
    assert opened.standing(0.0).events == gone_on.standing(0.0).events == plain.standing(0.0).events
    digests = closed(gone_on)
    assert closed(opened) == digests
    assert closed(plain)["events"] != digests["events"], "they came in another order"


def test_what_was_taken_away_is_gone_when_the_day_begins_anew(tmp_path: Path, known: dict[str, str]) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    one.inject({"kind": "duplicate"})
    until(one, START + timedelta(hours=1))
    one.clear_injects()
    one.replay(PLAY, 0.0, speed=0)
    until(one, NOON)
    assert closed(one) == known


def test_injects_that_were_taken_away_count_until_the_day_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.sandbox.room.checks.MOST_INJECTS", 2)
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    for _ in range(2):
        one.inject({"kind": "late"})
        one.clear_injects()
    with pytest.raises(TooMuch, match="begin the day anew"):
        one.inject({"kind": "late"})
    one.replay(PLAY, 0.0, speed=0)
    one.inject({"kind": "late"})
    one.close()


def test_labels_follow_the_clock(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    until(one, START + timedelta(hours=3))
    assert hours(one, "I02")[START].label == "provisional"
    until(one, START + timedelta(hours=9))
    assert hours(one, "I02")[START].label == "final"
    one.close()


def test_the_clock_stops_at_the_days_end_and_a_loop_begins_again(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(Play(day=DAY, seed=7, streams=("gauge",)), 0.0, speed=1000)
    settle(one, 100.0)
    standing = one.standing(100.0)
    assert standing.now == standing.frozen_at == START + timedelta(days=1)
    lap = standing.lap
    one.replay(Play(day=DAY, seed=7, streams=("gauge",), loop=True), 0.0, speed=1000)
    settle(one, 90.0)
    again = one.standing(90.0)
    assert (again.now, again.lap, again.speed) == (START, lap + 2, 1000.0)
    one.close()


def test_own_kpi_counts_what_the_log_holds_and_is_compared(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    until(one, START + timedelta(hours=3))
    one.put_spec(OWN)
    same = one.compare("my-parking", "M07")
    assert (same.window, same.differing) == ("quarter-hour", 0)
    assert same.windows > 90
    one.put_spec(OWN.replace("hold_at_most: 30min", "hold_at_most: 15min"))
    other = one.compare("my-parking", "M07")
    assert other.differing > 10
    line = next(line for line in other.lines if line.difference)
    assert line.own is not None
    assert line.city is not None
    assert line.difference == pytest.approx((line.own.value or 0) - (line.city.value or 0))
    until(one, START + timedelta(hours=4))
    assert START + timedelta(hours=3) in hours(one, "my-parking")
    assert one.counts.own() == ("my-parking",)
    one.drop_spec("my-parking")
    with pytest.raises(UnknownThing, match="there are none"):
        one.compare("my-parking", "M07")
    one.close()


def test_a_number_is_opened_and_receipted_as_the_citys(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.put_spec(OWN)
    one.replay(PLAY, 0.0, speed=0)
    until(one, START + timedelta(hours=2))
    value = hours(one, "my-parking")[START]
    for kpi in ("my-parking", "M07"):
        wanted = Number(kpi, WindowKind.HOUR, START)
        page = one.counts.proofs(kpi).page(wanted, size=500)
        receipt = one.counts.proofs(kpi).receipt(wanted)
        assert page.counted == receipt.events == value.n
        assert receipt.digest == value.digest
    one.close()


def test_own_events_are_judged_by_the_tenants_clock(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(Play(day=DAY, seed=7, streams=("gauge",)), 0.0, speed=0)
    until(one, START + timedelta(hours=1))
    event = next(iter(parking_events()))
    good = codec.encode(event)
    early = good.replace(b'"time":"2026-11-23T23', b'"time":"2026-11-23T22', 1)
    outcomes = one.publish([good, good, early, b"{}"])
    assert [outcome.status for outcome in outcomes] == ["accepted", "accepted", "rejected", "rejected"]
    assert "contenthash" in str(outcomes[2].detail)
    assert hours(one, "M07")[START].n == 1, "also while the clock stands still"
    until(one, START + timedelta(hours=2))
    counted = hours(one, "M07")[START]
    assert (counted.n, counted.synthetic_n) == (1, 1)
    one.close()


def test_a_full_room_takes_no_more_and_old_values_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.sandbox.room.log.KEPT", 50)
    monkeypatch.setattr("cityhub.sandbox.room.log._TRIMMED_EVERY", 20)
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    until(one, START + timedelta(hours=1))
    log = TenantLog(tmp_path / "log.db", read_only=True)
    values, newest = log.after(0, kinds=["value"]), log.newest()
    log.close()
    assert values
    assert min(value.number for value in values) > newest - 300
    monkeypatch.setattr("cityhub.sandbox.room.checks.MOST_BYTES", 1_000)
    with pytest.raises(TooMuch, match="reset it"):
        one.publish([b"{}"])
    one.close()


def parking_events() -> Iterator[Event]:
    return (one.event for one in Story(9, DAY, ("parking-slots",), CITY.contracts).events())


def test_limits_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.sandbox.room.room.MOST_SPECS", 1)
    one = room(tmp_path)
    one.put_spec(OWN)
    one.put_spec(OWN.replace("Occupied time.", "Said otherwise."))
    with pytest.raises(TooMuch, match="1 own KPIs are the most"):
        one.put_spec(OWN.replace("my-parking", "one-more"))
    with pytest.raises(SpecRefused, match="'departures' unknown; there are access-points"):
        one.replay(Play(day=DAY, streams=("departures",)), 0.0, speed=0)
    with pytest.raises(SpecRefused, match="speed: 2000"):
        one.set_clock(0.0, speed=2000, to=None)
    one.close()


def test_after_a_reset_no_byte_is_left(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    one.put_spec(OWN.replace("Occupied time.", "Merkwort-4711."))
    one.inject({"kind": "late", "title": "Merkwort-4711"})
    until(one, START + timedelta(hours=1))
    assert found(tmp_path, b"Merkwort-4711")
    cursor = one.standing(0.0).cursor
    one.reset(0.0)
    assert found(tmp_path, b"Merkwort-4711") == []
    assert found(tmp_path, b"stellplatz-001") == []
    assert one.standing(0.0).events == 0
    one.replay(PLAY, 0.0, speed=0)
    assert one.standing(0.0).cursor > cursor
    one.close()


def found(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]
