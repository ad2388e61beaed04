"""Whatever the order and grouping of messages, the same departures come out, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.adapters.dvv.transit.trips import FeedState, pack, unpack
from cityhub.adapters.dvv.transit.wire import ActualTrip, PlannedTrip
from cityhub.sdk.event import Event
from tests.unit.adapters.conftest import applied
from tests.unit.adapters.messages import actual, halt, planned, text

Message: TypeAlias = ActualTrip | PlannedTrip
STOPS = (("A", 0.0), ("B", 3.0), ("C", 6.0), ("A", 16.0), ("D", 19.0))
PLAN = planned(*STOPS, ("E", None))


@st.composite
def histories(draw: st.DrawFn) -> list[ActualTrip]:
    """Messages about one trip, with distinct Zst, sent before it starts."""
    messages = []
    for number in range(draw(st.integers(1, 6))):
        complete = draw(st.booleans())
        chosen = STOPS if complete else draw(st.lists(st.sampled_from(STOPS), unique=True, max_size=3))
        late = draw(st.lists(st.integers(0, 900), min_size=len(chosen), max_size=len(chosen)))
        off = draw(st.sampled_from([0, 1, 2]))
        halts = [
            halt(stop, minute + off, minute + late_s / 60) for (stop, minute), late_s in zip(chosen, late, strict=True)
        ]
        options: dict[str, Any] = {
            "complete": str(complete).lower(),
            "cancelled": draw(st.sampled_from([None, "false"])),
        }
        messages.append(actual(-60 + number, *halts, **options))
    return messages


def told(polls: Sequence[Sequence[Message]]) -> list[Event]:
    """Events after all polls and an hour of silence; the memory goes through its stored form between polls."""
    state, events = FeedState(), []
    for poll in [*polls, ()]:
        minute = 120 if poll == () else -50
        reports = [message for message in poll if isinstance(message, ActualTrip)]
        plans = tuple(message for message in poll if isinstance(message, PlannedTrip))
        step = applied(*reports, plan=plans, at=text(minute), state=state)
        events += step.events
        trips = {key: unpack(pack(trip)) for key, trip in step.state.trips.items()}
        state = FeedState(trips, step.state.clock_s, step.state.since_s)
    return events


def departures(events: list[Event]) -> dict[str, int]:
    """Delay by id; fails where an id comes twice."""
    assert len({event.id for event in events}) == len(events)
    return {event.id: event.data["delay_s"] for event in events}


@settings(max_examples=150, deadline=None)
@given(history=histories(), data=st.data())
def test_order_duplication_and_grouping_change_nothing(history: list[ActualTrip], data: st.DataObject) -> None:
    messages: list[Message] = [PLAN, *history]
    expected = departures(told([messages]))
    again = data.draw(st.lists(st.sampled_from(messages), max_size=4))
    arrival: list[Message] = data.draw(st.permutations([*messages, *again]))
    cut = data.draw(st.integers(0, len(arrival)))
    assert departures(told([arrival[:cut], arrival[cut:]])) == expected


@settings(max_examples=50, deadline=None)
@given(history=histories(), minutes=st.lists(st.integers(-60, 60), min_size=6, max_size=6))
def test_reports_during_the_trip_never_double_a_departure(history: list[ActualTrip], minutes: list[int]) -> None:
    events: list[Event] = []
    state = applied(plan=(PLAN,), at=text(-60)).state
    for message, minute in zip(history, sorted(minutes), strict=False):
        step = applied(message, message, state=state, at=text(minute))
        state, events = step.state, events + step.events
    events += applied(state=state, at=text(120)).events
    departures(events)
