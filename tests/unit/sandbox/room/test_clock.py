"""A clock follows real time at its speed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cityhub.sandbox.room.clock import Clock

AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_it_runs_at_its_speed() -> None:
    clock = Clock(AT, 100.0, 60.0)
    assert clock.now(100.0) == AT
    assert clock.now(101.5) == AT + timedelta(seconds=90)


def test_a_frozen_one_stands_still() -> None:
    assert Clock(AT, 100.0).now(1e6) == AT


def test_real_time_that_goes_back_does_not_take_it_back() -> None:
    assert Clock(AT, 100.0, 60.0).now(50.0) == AT


def test_on_its_way_it_shows_where_it_goes_and_then_runs_as_before() -> None:
    to = AT + timedelta(hours=3)
    clock = Clock(AT, 100.0, 2.0, to)
    assert clock.now(100.0) == to
    arrived = clock.arrived(130.0)
    assert arrived.now(130.0) == to
    assert arrived.now(131.0) == to + timedelta(seconds=2)
