"""Pure: when and where roadworks of the Autobahn GmbH's API are. It says so in texts, in more than one way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cityhub.adapters.kit.local_time import from_local
from cityhub.adapters.roadworks.autobahn import Degrees, Work
from cityhub.sdk.contract_check import shown

_DAY = r"(\d{1,2}\.\d{1,2}\.\d{2,4})"
_CLOCK = r"(\d{1,2}:\d\d)"
_MOMENT = rf"{_DAY}(?:,?\s{{1,3}}(?:um\s)?{_CLOCK})?"
_BEGIN = re.compile(rf"Beginn:\s{{0,3}}{_MOMENT}", re.A)
_END = re.compile(rf"Ende:\s{{0,3}}{_MOMENT}", re.A)
_SPAN = re.compile(rf"{_MOMENT}(?:\sUhr)?\sbis\s(?:zum\s)?{_MOMENT}", re.A)
_WITHIN = re.compile(rf"{_DAY},?\s(?:von\s)?{_CLOCK}(?:\sUhr)?\sbis\s{_CLOCK}", re.A)
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,20})?", re.A)
_LATITUDES, _LONGITUDES = (47.0, 55.2), (5.8, 15.1)
"""Of Germany: no number is in both, so the order of two of them can be told."""


def period(work: Work) -> tuple[datetime, datetime]:
    """Begin and end: `startTimestamp`, the lines `Beginn:` and `Ende:`, else the first and last of the times named.

    A day without a time begins at its midnight and ends at the next one. Times are local.

    Raises:
        ValueError: none is said, one is no time, or the end is not after the begin.
    """
    lines = [" ".join(line.split()) for text in work.description for line in text.splitlines()]
    spans = [span for line in lines for span in _spans(line)]
    begins = [_moment(found[1], found[2] or "00:00") for line in lines if (found := _BEGIN.search(line))]
    ends = [_moment(found[1], found[2] or "24:00") for line in lines if (found := _END.search(line))]
    begins = begins or [begin for begin, _ in spans]
    ends = ends or [end for _, end in spans]
    if not ends or not (begins or work.start):
        missing = "begin" if ends else "end"
        raise ValueError(f"description: no {missing} is said in it; it says so as 'Ende: 31.12.2026 17:00'")
    begin, end = _stamp(work.start) if work.start else min(begins), max(ends)
    if end <= begin:
        raise ValueError(
            f"description: the end, {end:%d.%m.%Y %H:%M} UTC, is not after the begin, {begin:%d.%m.%Y %H:%M}"
        )
    return begin, end


def place(work: Work) -> tuple[float, float]:
    """Latitude and longitude, six decimals, whatever the order in which they are written.

    Raises:
        ValueError: there is none, or it is not in Germany.
    """
    if work.coordinate is not None:
        written: list[Degrees] = [work.coordinate.lat, work.coordinate.long]
    else:
        written = [*(work.point or "").split(",")]
    numbers = [_degrees(one) for one in written]
    for latitude, longitude in (numbers, numbers[::-1]) if len(numbers) == 2 else ():  # noqa: PLR2004
        if _between(latitude, _LATITUDES) and _between(longitude, _LONGITUDES):
            return round(latitude, 6), round(longitude, 6)
    raise ValueError(
        f"coordinate: {shown(', '.join(map(str, written)))} is no place in Germany; two degrees are wanted"
    )


def _spans(line: str) -> Iterator[tuple[datetime, datetime]]:
    """`05.10.26 von 22:00 bis 05:00 Uhr` ends on the next day."""
    for day, begin, end in _WITHIN.findall(line):
        first, last = _moment(day, begin), _moment(day, end)
        yield first, last if last > first else last + timedelta(days=1)
    for found in _SPAN.finditer(line):
        first_day, first_clock, last_day, last_clock = found.groups()
        yield _moment(first_day, first_clock or "00:00"), _moment(last_day, last_clock or "24:00")


def _moment(day: str, clock: str) -> datetime:
    number, month, year = map(int, day.split("."))
    midnight = datetime(year + 2000 if len(day.rpartition(".")[2]) == 2 else year, month, number)  # noqa: DTZ001, PLR2004
    hours, minutes = map(int, clock.split(":"))
    since = timedelta(hours=hours, minutes=minutes)
    if since > timedelta(days=1):
        raise ValueError(f"description: {clock} is no time of a day")
    return from_local(midnight + since)


def _stamp(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return from_local(moment) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"startTimestamp: {shown(text)} is no instant of ISO 8601: {error}") from error


def _degrees(written: Degrees) -> float:
    """NaN for what is no number: it is nowhere."""
    if isinstance(written, float):
        return written
    return float(written) if _NUMBER.fullmatch(written.strip()) else float("nan")


def _between(number: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= number <= bounds[1]
