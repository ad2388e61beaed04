"""What can be asked of a room: days, streams, instants, speeds. Each raises SpecRefused with value and remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.clock import FASTEST
from cityhub.sandbox.room.injects import Inject, read_inject
from cityhub.sandbox.room.state import Play
from cityhub.sandbox.room.story import STREAM_NAMES
from cityhub.sdk.contract import Contracts

LONGEST = timedelta(days=40)
"""So far after the day's begin a clock can be set: windows become final."""
_FIRST_DAY, _LAST_DAY = date(2020, 1, 1), date(2035, 12, 31)


def check_play(play: Play) -> None:
    """Refuse what cannot be replayed."""
    if unknown := [name for name in play.streams if name not in STREAM_NAMES]:
        said = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise SpecRefused(f"streams: {said} unknown; there are {', '.join(STREAM_NAMES)}")
    if not _FIRST_DAY <= play.day <= _LAST_DAY:
        raise SpecRefused(f"day: {play.day} is not between {_FIRST_DAY} and {_LAST_DAY}")


def checked_inject(number: int, tree: object, contracts: Contracts) -> Inject:
    """An inject of a list; its number stands before what is wrong."""
    try:
        return read_inject(tree, contracts)
    except SpecRefused as error:
        raise SpecRefused(*(f"injects[{number}].{problem}" for problem in error.problems)) from error


def checked_instant(to: datetime, first: datetime) -> datetime:
    """An instant that a clock can be set to, in UTC. Args: first = the day's begin."""
    if to.tzinfo is None:
        raise SpecRefused(f"to: {to.isoformat()} has no offset; write it as 2026-11-24T07:00:00+01:00")
    if not first <= to <= first + LONGEST:
        raise SpecRefused(
            f"to: {to.isoformat()} is not within {LONGEST.days} days after {first.isoformat()}; begin another day"
        )
    return to.astimezone(UTC)


def checked_speed(speed: float) -> float:
    """Virtual seconds per real one."""
    if not 0 <= speed <= FASTEST:
        raise SpecRefused(f"speed: {speed} is not between 0 and {FASTEST:.0f}; 0 freezes the clock")
    return float(speed)
