"""A course to which injects come and from which they go is the one that had them all from the day's begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.room.clock import Clock
from cityhub.sandbox.room.course import Course
from cityhub.sandbox.room.injects import Inject, read_inject
from cityhub.sandbox.room.state import Play, RoomState
from cityhub.sandbox.room.story import Timed
from tests.unit.sandbox.room.rooms import CITY, DAY, START

PLAY = Play(day=DAY, seed=7, streams=("containers", "gauge"))
AFTER_ALL = START + timedelta(days=4)
HOUR = timedelta(hours=1)

SPANS = st.integers(min_value=1, max_value=600)
WRITTEN = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("late", "duplicate", "disorder", "bad-schema", "outage", "silent", "bridge-closed")),
        "share": st.sampled_from((0.3, 1.0)),
        "by": st.sampled_from(("0min", "15min", "3h")),
        "catch_up": st.booleans(),
        "begins": st.integers(min_value=-60, max_value=240),
        "lasts": SPANS,
    }
)
STEPS = st.lists(st.tuples(SPANS, st.none() | WRITTEN), min_size=1, max_size=6)
"""Minutes to let pass, and then an inject; None = all are taken away."""


def course(state: RoomState) -> Course:
    return Course(PLAY, state, CITY.contracts, Past())


def inject_of(written: dict[str, Any], now: datetime) -> Inject:
    """As a room makes it: it acts on nothing that has arrived."""
    tree = dict(written)
    begins = now + timedelta(minutes=tree.pop("begins"))
    until = max(begins, now) + timedelta(minutes=tree.pop("lasts"))
    tree |= {"from": begins.isoformat(), "until": until.isoformat(), "where": {"subjects": ["*"]}}
    made = read_inject(tree, CITY.contracts)
    return replace(made, since=max(begins, now + timedelta(milliseconds=1)))


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_in_place_is_as_rebuilt_at_any_instant_and_as_told_from_the_begin(steps: Any) -> None:
    state = RoomState(clock=Clock(START, 0.0), position=START, play=PLAY)
    one, happened = course(state), list[Timed]()
    for minutes, written in steps:
        now = state.position + timedelta(minutes=minutes)
        happened += one.due(now)
        state = replace(state, position=now)
        if written is None:
            one.take_away(now)
            state = replace(state, taken_away=(*state.taken_away, *[now] * len(state.acting)))
        else:
            made = inject_of(written, now)
            one.add(made)
            state = replace(state, injects=(*state.injects, made))
    rest = list(one.due(AFTER_ALL))
    assert rest == list(course(state).due(AFTER_ALL)), "after a restart"
    assert happened + rest == list(course(replace(state, position=START)).due(AFTER_ALL)), "from the day's begin"


def test_what_was_delayed_arrives_although_the_delay_is_taken_away() -> None:
    late = read_inject({"kind": "late", "by": "2h"}, CITY.contracts)
    state = RoomState(clock=Clock(START, 0.0), position=START, play=PLAY)
    plain = list(course(state).due(AFTER_ALL))
    one = course(replace(state, injects=(late,)))
    five = START + 5 * HOUR
    before = list(one.due(five))
    one.take_away(five)
    after = list(one.due(AFTER_ALL))
    assert {told.event.id for told in before + after} == {told.event.id for told in plain}
    arrives = {told.event.id: told.arrives_ms for told in before + after}
    moved = {told.event.id for told in plain if arrives[told.event.id] != told.arrives_ms}
    ended_ms = five.timestamp() * 1000
    assert moved == {told.event.id for told in plain if told.arrives_ms <= ended_ms}
    assert sum(arrives[id_] > ended_ms for id_ in moved) > 3


def test_a_bridge_that_does_not_close_any_more_is_not_published() -> None:
    seven = START + 7 * HOUR
    tree = {"kind": "bridge-closed", "from": seven.isoformat(), "until": (seven + HOUR).isoformat()}
    state = RoomState(clock=Clock(START, 0.0), position=START, play=PLAY, injects=(read_inject(tree, CITY.contracts),))
    for ended, sites in ((seven - HOUR, 0), (seven + HOUR, 1)):
        one = course(state)
        told = list(one.due(ended))
        one.take_away(ended)
        told += one.due(AFTER_ALL)
        assert sum("roadwork" in one.event.type for one in told) == sites
        assert told == list(course(replace(state, taken_away=(ended,))).due(AFTER_ALL))
