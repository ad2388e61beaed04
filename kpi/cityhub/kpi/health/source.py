"""How a source is doing, from what the hub saw of it. Pure; the rules stand in docs/health.md.

A source is an event type. What one observation says is a *finding*; a source's *health* follows its findings only
when two in a row agree, so that neither a single bad step nor a single good one makes a screen flicker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

STEP_S = 300
"""A source is looked at every five minutes; steps begin at full five minutes."""
MISSED_REPORTS = 3
"""One or two late answers are a network's life; from the third missing one a source, or one of many, is overdue."""
RECENT_S = 3_600
"""Invalid events are counted over an hour: in five minutes of a quiet source one typing error would be everything."""
INVALID_DEGRADED = 0.05
"""More than one event in twenty is refused: no slip any more, somebody should look."""
INVALID_UNRELIABLE = 0.20
"""More than one in five: what is left need not be like what is missing."""
HEARD_DEGRADED = 0.95
"""Devices fail one by one; below this more of them are silent than a maintenance round leaves behind."""
HEARD_UNRELIABLE = 0.80
"""As for invalid events: a fifth is missing, and seldom by chance."""
REMEMBERED_S = 2 * RECENT_S
"""An observation older than that is in a row with nothing: in between nobody looked."""


class State(StrEnum):
    """Of a source: good, degraded or unreliable; of a KPI all of them."""

    GOOD = "good"
    DEGRADED = "degraded"
    UNRELIABLE = "unreliable"
    NO_DATA = "no-data"
    WITHHELD = "withheld"


class Cause(StrEnum):
    """Why a state is not good."""

    OVERDUE = "overdue"
    """The source as a whole reports nothing."""
    SILENT = "silent"
    """Some of those that report one by one do not."""
    INVALID = "invalid"
    """Events are refused."""
    COVERAGE = "coverage"
    """The value is of too little of its time."""
    NEVER = "never"
    """Nothing ever came."""
    EMPTY = "empty"
    """Nothing was counted in the window."""
    UNOBSERVED = "unobserved"
    """The hub itself has not looked lately."""
    SUPPRESSED = "suppressed"
    """The group is too small to be shown."""


SEVERITY = {State.GOOD: 0, State.DEGRADED: 1, State.UNRELIABLE: 2}


class Observation(Struct, frozen=True, kw_only=True):
    """What the hub saw of a source in the step `[start_s, start_s + STEP_S)`.

    Attributes:
        source: event type. start_s: epoch seconds.
        newest_s: append time of the newest event at the step's end, or of the answer that there is none.
        promised_s: how often news are expected. age_s: of the newest, counting only hours in which news are expected.
        received: events that came in the step, `rejected` of them refused, by a door or the engine.
        known, heard: of those that report one by one, how many are known and how many have not missed
            `MISSED_REPORTS`; None where a source does not promise that.
        lag_p95_ms: append time − time of occurrence that 95 % of the accepted events did not exceed.
    """

    source: str
    start_s: int
    newest_s: int
    promised_s: int
    age_s: int
    received: int = 0
    rejected: int = 0
    known: int | None = None
    heard: int | None = None
    lag_p95_ms: int | None = None

    @property
    def end_s(self) -> int:
        return self.start_s + STEP_S

    @property
    def in_time(self) -> bool:
        """Whether the promise is kept, with the patience that networks need."""
        return self.age_s <= MISSED_REPORTS * self.promised_s


class Finding(Struct, frozen=True):
    """What the observations of an hour say; `share` is of what is silent or invalid."""

    state: State = State.GOOD
    cause: Cause | None = None
    share: float | None = None
    since_s: int = 0


class SourceHealth(Struct, frozen=True, kw_only=True):
    """How a source stands from `at_s` on.

    Attributes:
        since_s: when what is wrong began, as far as it can be told; of a good source, when it was first seen good.
    """

    source: str
    at_s: int
    state: State = State.GOOD
    cause: Cause | None = None
    share: float | None = None
    since_s: int = 0


def finding(recent: Sequence[Observation]) -> Finding:
    """What a source's observations say at the end of the last of them.

    Args:
        recent: in the order of time, at least one; those older than an hour before the last one say nothing.
    """
    last = recent[-1]
    found = [Finding(since_s=last.end_s), _overdue(last), _silent(last), _invalid(last, recent)]
    return max(found, key=lambda one: SEVERITY[one.state])


def advance(
    source: str, at_s: int, before: SourceHealth | None, previous: Finding | None, current: Finding
) -> SourceHealth:
    """A source's health after another observation.

    It moves when two findings in a row lie on the same side of it, and no further than the nearer of them.

    Args:
        at_s: the observation's end. before: None = it is the first. previous: None = there was none lately.
    """
    if before is None:
        return SourceHealth(source=source, at_s=at_s, since_s=at_s)
    was, now = SEVERITY[before.state], SEVERITY[current.state]
    earlier = was if previous is None else SEVERITY[previous.state]
    to = max(was, min(earlier, now)) if now > was else min(was, max(earlier, now))
    if to == was and (now != was or (before.cause, before.share) == (current.cause, current.share)):
        return before
    told = current if previous is None or now >= to else previous
    begun = told.since_s
    if told.cause == before.cause:
        begun = before.since_s
    elif previous is not None and previous.cause == told.cause:
        begun = min(previous.since_s, begun)
    state = next(state for state, severity in SEVERITY.items() if severity == to)
    return SourceHealth(source=source, at_s=at_s, state=state, cause=told.cause, share=told.share, since_s=begun)


def history(observations: Iterable[Observation]) -> list[SourceHealth]:
    """How a source stood, from its first observation on; a line for each change. The order of them does not matter."""
    ordered = list({one.start_s: one for one in sorted(observations, key=lambda one: one.start_s)}.values())
    found: list[SourceHealth] = []
    for place in range(len(ordered)):
        after = following(found[-1] if found else None, ordered[: place + 1])
        if not found or after != found[-1]:
            found.append(after)
    return found


def following(before: SourceHealth | None, observations: Sequence[Observation]) -> SourceHealth:
    """The health after the last observation.

    Args:
        observations: in the order of time; those from `REMEMBERED_S` before the last one on are enough.
    """
    last = observations[-1]
    earlier = [one for one in observations[:-1] if one.start_s >= last.start_s - REMEMBERED_S]
    previous = finding(earlier) if earlier else None
    return advance(last.source, last.end_s, before, previous, finding(observations))


def _overdue(last: Observation) -> Finding:
    if last.in_time:
        return Finding()
    return Finding(State.UNRELIABLE, Cause.OVERDUE, None, last.newest_s + last.promised_s)


def _silent(last: Observation) -> Finding:
    if not last.known or last.heard is None:
        return Finding()
    heard = last.heard / last.known
    since_s = last.end_s - MISSED_REPORTS * last.promised_s
    return Finding(_graded(heard < HEARD_DEGRADED, heard < HEARD_UNRELIABLE), Cause.SILENT, _share(1 - heard), since_s)


def _invalid(last: Observation, recent: Sequence[Observation]) -> Finding:
    hour = [one for one in recent if one.start_s > last.start_s - RECENT_S]
    received, rejected = sum(one.received for one in hour), sum(one.rejected for one in hour)
    if not rejected:
        return Finding()
    invalid = rejected / received
    since_s = min(one.start_s for one in hour if one.rejected)
    state = _graded(invalid > INVALID_DEGRADED, invalid > INVALID_UNRELIABLE)
    return Finding(state, Cause.INVALID, _share(invalid), since_s)


def _graded(degraded: bool, unreliable: bool) -> State:
    return State.UNRELIABLE if unreliable else State.DEGRADED if degraded else State.GOOD


def _share(share: float) -> float:
    """As it is said: in whole percent."""
    return round(share, 2)
