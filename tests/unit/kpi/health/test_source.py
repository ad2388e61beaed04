"""Findings and the two in a row that a source's health needs to move."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.health.source import STEP_S, Cause, Observation, SourceHealth, State, finding, history
from tests.unit.kpi.health.observations import HOUR, NOON_S, seen

GOOD: dict[str, Any] = {}
SILENT: dict[str, Any] = {"heard": 62}
FEW_SILENT: dict[str, Any] = {"heard": 90}
GONE: dict[str, Any] = {"age_s": 3 * HOUR + 1}
LETTERS = {"g": GOOD, "d": FEW_SILENT, "u": SILENT, "o": GONE}


@pytest.mark.parametrize(
    ("what", "state", "cause", "share"),
    [
        (GOOD, State.GOOD, None, None),
        ({"age_s": 3 * HOUR}, State.GOOD, None, None),
        (GONE, State.UNRELIABLE, Cause.OVERDUE, None),
        ({"heard": 95}, State.GOOD, None, None),
        ({"heard": 94}, State.DEGRADED, Cause.SILENT, 0.06),
        ({"heard": 80}, State.DEGRADED, Cause.SILENT, 0.2),
        ({"heard": 79}, State.UNRELIABLE, Cause.SILENT, 0.21),
        ({"known": 0, "heard": 0}, State.GOOD, None, None),
        ({"known": None, "heard": None}, State.GOOD, None, None),
        ({"rejected": 5}, State.GOOD, None, None),
        ({"rejected": 6}, State.DEGRADED, Cause.INVALID, 0.06),
        ({"rejected": 20}, State.DEGRADED, Cause.INVALID, 0.2),
        ({"rejected": 21}, State.UNRELIABLE, Cause.INVALID, 0.21),
        ({"rejected": 21, "heard": 90}, State.UNRELIABLE, Cause.INVALID, 0.21),
        ({**GONE, "heard": 0}, State.UNRELIABLE, Cause.OVERDUE, None),
    ],
)
def test_what_one_observation_says(what: dict[str, Any], state: State, cause: Cause | None, share: float) -> None:
    found = finding([seen(0, **what)])
    assert (found.state, found.cause, found.share) == (state, cause, share)


def test_a_slow_source_is_judged_by_its_own_promise() -> None:
    year = 365 * 24 * HOUR
    assert finding([seen(0, promised_s=year, age_s=3 * year)]).state is State.GOOD
    assert finding([seen(0, promised_s=year, age_s=3 * year + 1)]).state is State.UNRELIABLE
    assert finding([seen(0, promised_s=30, age_s=91)]).state is State.UNRELIABLE


def test_invalid_events_are_those_of_an_hour() -> None:
    steps = [seen(0, received=10, rejected=10), *[seen(step, received=10) for step in range(1, 12)]]
    assert (finding(steps).cause, finding(steps).share) == (Cause.INVALID, 0.08)
    assert finding(steps).since_s == NOON_S
    assert finding([*steps, seen(12, received=10)]).cause is None


@pytest.mark.parametrize(
    ("story", "states"),
    [
        ("gggg", "gggg"),
        ("gugu", "gggg"),
        ("guug", "gguu"),
        ("guugg", "gguug"),
        ("guuuguguu", "gguuuuuuu"),
        ("gud", "ggd"),
        ("gdu", "ggd"),
        ("gduu", "ggdu"),
        ("guuddgg", "gguuddg"),
        ("guugd", "gguud"),
        ("guudg", "gguud"),
        ("uu", "gu"),
        ("dddugd", "gddddd"),
    ],
)
def test_it_moves_when_two_in_a_row_agree(story: str, states: str) -> None:
    observations = [seen(step, **LETTERS[letter]) for step, letter in enumerate(story)]
    assert "".join(one.state.value[0] for one in by_step(observations)) == states


def test_since_when_is_told() -> None:
    silent = history([seen(0), seen(1, heard=70), seen(2, heard=62), seen(3, heard=60), seen(4, heard=60)])
    begun = seen(1).end_s - 3 * HOUR
    assert [(one.state, one.cause, one.share) for one in silent] == [
        (State.GOOD, None, None),
        (State.UNRELIABLE, Cause.SILENT, 0.38),
        (State.UNRELIABLE, Cause.SILENT, 0.4),
    ]
    assert {one.since_s for one in silent[1:]} == {begun}
    gone = history([seen(0), *[seen(step, promised_s=STEP_S, age_s=step * STEP_S) for step in range(1, 7)]])
    assert (gone[-1].cause, gone[-1].since_s) == (Cause.OVERDUE, seen(1).start_s + STEP_S)
    assert gone[-1].at_s == seen(5).end_s


def test_the_same_cause_goes_on_where_another_one_begins_anew() -> None:
    worse = history([seen(0), *[seen(step, heard=90) for step in (1, 2)], *[seen(step, heard=0) for step in (3, 4)]])
    assert [one.state for one in worse] == [State.GOOD, State.DEGRADED, State.UNRELIABLE]
    assert worse[2].since_s == worse[1].since_s
    other = history([seen(0), *[seen(step, heard=0) for step in (1, 2)], seen(3, **GONE)])
    assert [one.cause for one in other] == [None, Cause.SILENT, Cause.OVERDUE]
    assert other[2].since_s > other[1].since_s


def test_after_a_gap_in_which_nobody_looked_there_is_no_row() -> None:
    assert [one.state for one in history([seen(0), seen(1, **GONE), seen(40, **GONE)])] == [State.GOOD]
    assert history([seen(0), seen(1, **GONE), seen(40, **GONE), seen(41, **GONE)])[-1].state is State.UNRELIABLE


@given(st.lists(st.sampled_from("gduo"), max_size=30), st.randoms(use_true_random=False))
def test_the_order_in_which_observations_come_does_not_matter(story: list[str], rng: Any) -> None:
    observations = [seen(step, **LETTERS[letter]) for step, letter in enumerate(story)]
    mixed = [*observations, *observations[: len(observations) // 2]]
    rng.shuffle(mixed)
    assert history(mixed) == history(observations)


@given(st.lists(st.sampled_from("gduo"), min_size=1, max_size=30))
def test_it_never_moves_further_than_two_findings_say(story: list[str]) -> None:
    rank = {State.GOOD: 0, State.DEGRADED: 1, State.UNRELIABLE: 2}
    letters = {"g": 0, "d": 1, "u": 2, "o": 2}
    states = [rank[one.state] for one in by_step([seen(n, **LETTERS[letter]) for n, letter in enumerate(story)])]
    for place in range(1, len(story)):
        last = sorted([letters[story[place - 1]], letters[story[place]]])
        before, after = states[place - 1], states[place]
        assert after in (before, *last)
        assert after == min(max(before, last[0]), last[1])


def by_step(observations: list[Observation]) -> list[SourceHealth]:
    """The health after each observation."""
    return [history(observations[: count + 1])[-1] for count in range(len(observations))]
