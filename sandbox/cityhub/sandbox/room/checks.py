"""What can be asked of a room: days, streams, instants, speeds. Each raises SpecRefused with value and remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from cityhub.sandbox.city.streams.story import wall_clock
from cityhub.sandbox.errors import SpecRefused, TooMuch
from cityhub.sandbox.room.clock import FASTEST
from cityhub.sandbox.room.injects import Inject, read_inject
from cityhub.sandbox.room.state import Play
from cityhub.sandbox.room.story import STREAM_NAMES
from cityhub.sdk.contract import Contracts
from cityhub.sdk.text import Text

LONGEST = timedelta(days=40)
"""So far after the day's begin a clock can be set: windows become final."""
MOST_INJECTS = 50
"""Of a run, those that were taken away among them."""
MOST_BYTES = 1_000_000_000
"""Of a room's log, beyond which no own events are taken."""
_FIRST_DAY, _LAST_DAY = date(2020, 1, 1), date(2035, 12, 31)


def check_play(play: Play) -> None:
    """Refuse what cannot be replayed."""
    if unknown := [name for name in play.streams if name not in STREAM_NAMES]:
        said = ", ".join(repr(name[:40]) for name in unknown[:5])
        known = ", ".join(STREAM_NAMES)
        raise SpecRefused(
            Text(f"Ströme, die es nicht gibt: {said}. Es gibt {known}.", f"streams: {said} unknown; there are {known}")
        )
    if not _FIRST_DAY <= play.day <= _LAST_DAY:
        raise SpecRefused(
            Text(
                f"Der {play.day:%d.%m.%Y} liegt nicht zwischen {_FIRST_DAY:%d.%m.%Y} und {_LAST_DAY:%d.%m.%Y}.",
                f"day: {play.day} is not between {_FIRST_DAY} and {_LAST_DAY}",
            )
        )


def checked_inject(number: int, tree: object, contracts: Contracts) -> Inject:
    """An inject of a list; its number stands before what is wrong."""
    try:
        return read_inject(tree, contracts)
    except SpecRefused as error:
        place = f"injects[{number}]"
        lines = (Text(one.de and f"{place}: {one.de}", f"{place}.{one.en}") for one in error.lines)
        raise SpecRefused(*lines) from error


def checked_instant(to: datetime, first: datetime) -> datetime:
    """An instant that a clock can be set to, in UTC. Args: first = the day's begin."""
    if to.tzinfo is None:
        raise SpecRefused(f"to: {to.isoformat()} has no offset; write it as 2026-11-24T07:00:00+01:00")
    if not first <= to <= first + LONGEST:
        raise SpecRefused(
            Text(
                f"{wall_clock(to)} liegt nicht in den {LONGEST.days} Tagen nach dem {wall_clock(first)}; "
                "bitte einen anderen Tag nachspielen.",
                f"to: {to.isoformat()} is not within {LONGEST.days} days after {first.isoformat()}; begin another day",
            )
        )
    return to.astimezone(UTC)


def checked_speed(speed: float) -> float:
    """Virtual seconds per real one."""
    if not 0 <= speed <= FASTEST:
        raise SpecRefused(
            Text(
                f"Das Tempo {speed:g} liegt nicht zwischen 0 und {FASTEST:.0f}; 0 hält die Uhr an.",
                f"speed: {speed} is not between 0 and {FASTEST:.0f}; 0 freezes the clock",
            )
        )
    return float(speed)


def check_room_for(injects: int, inject: Inject, now: datetime) -> None:
    """Refuse one more inject where there are enough, or where it is over.

    Raises:
        TooMuch, SpecRefused.
    """
    if injects >= MOST_INJECTS:
        raise TooMuch(
            Text(
                f"Mehr als {MOST_INJECTS} Störungen gehen nicht, auch weggenommene zählen; "
                "bitte alle wegnehmen und den Tag von vorn beginnen.",
                f"{MOST_INJECTS} injects are the most, those that were taken away among them; "
                "take all away and begin the day anew",
            )
        )
    if inject.until is not None and inject.until <= now:
        raise SpecRefused(
            Text(
                f"Das Ende {wall_clock(inject.until)} ist vorbei, es ist {wall_clock(now)}; bitte erst zurückstellen.",
                f"until: {inject.until.isoformat()} is over, the clock shows {now.isoformat()}; set it back first",
            )
        )


def check_log(size_b: int) -> None:
    """Refuse own events where the log is full."""
    if size_b > MOST_BYTES:
        most = MOST_BYTES // 1_000_000
        raise TooMuch(
            Text(
                f"Der Raum fasst höchstens {most} MB; bitte zurücksetzen oder einen Tag neu beginnen.",
                f"the room holds {most} MB, which are the most: reset it, or begin a day anew",
            )
        )
