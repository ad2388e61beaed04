"""Hours in which reports are promised, as contracts write them: `mon-fri 08:00-18:00`, local time of Duisburg."""

from __future__ import annotations

import re
from typing import NamedTuple

from cityhub.sdk.errors import ContractError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _TIME = f"({'|'.join(_DAYS)})", "([01][0-9]|2[0-4]):([0-5][0-9])"
_WRITTEN = re.compile(f"{_DAY}-{_DAY} {_TIME}-{_TIME}")
_WHOLE_DAY_MIN = 24 * 60


class Hours(NamedTuple):
    """Weekdays, 0 = Monday, both included; minutes of the day, half-open."""

    first: int
    last: int
    start_min: int
    end_min: int


def hours(written: str) -> Hours:
    """Read them.

    Raises:
        ContractError: another form, or hours or weekdays that end before they begin.
    """
    found = _WRITTEN.fullmatch(written)
    if found is not None:
        first, last, *times = found.groups()
        start, start_min, end, end_min = map(int, times)
        read = Hours(_DAYS.index(first), _DAYS.index(last), start * 60 + start_min, end * 60 + end_min)
        if read.first <= read.last and read.start_min < read.end_min <= _WHOLE_DAY_MIN:
            return read
    shown = written if len(written) <= 40 else f"{written[:40]}…"  # noqa: PLR2004
    raise ContractError(f"{shown!r} are no hours of a week; write them as mon-fri 08:00-18:00")
