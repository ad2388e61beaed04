"""Waste bins: how full they are, and when they are emptied. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.story import BOROUGHS, DAY, Stream, Told, at, happens, iso, tell
from cityhub.sandbox.city.traffic import lot

_BINS = 210


def _bins(seed: int, day: date) -> Iterator[Told]:
    """Each bin reports hourly; it fills during the day and is emptied at six, unless its round fails."""
    for number in range(_BINS):
        name = f"bin-{number:04d}"
        chance = lot(seed, "bin", number, day)
        fill, rate = chance.uniform(0.05, 0.35), chance.uniform(0.010, 0.045)
        if chance.random() < 0.06:  # noqa: PLR2004 - not emptied
            fill = 0.8
        for hour in range(6, 30):
            minute = (number * 7) % 60
            if chance.random() < 0.02:  # noqa: PLR2004 - no radio contact
                continue
            level = min(1.0, fill + rate * (hour - 6) * (1.4 if 9 <= hour <= 21 else 0.5))  # noqa: PLR2004
            moment = at(day, hour * 3600 + minute * 60)
            data = {"fill": round(level, 2)}
            yield Told(
                "de.duisburg.wbd.bin.level-observed.v1", moment, name, (name, iso(moment)), data, BOROUGHS[number % 7]
            )


def _emptied(seed: int, day: date) -> Iterator[Told]:
    """The morning's round: bins that it reached, with what the day before had put into them.

    Each of three vehicles tells its emptyings when it is back at the depot, hours later.
    """
    for number in range(_BINS):
        morning = lot(seed, "bin", number, day)
        morning.uniform(0.05, 0.35), morning.uniform(0.010, 0.045)
        if happens(morning, 0.06):  # as the levels say: the round failed
            continue
        before = lot(seed, "bin", number, day - DAY)
        full = min(1.0, before.uniform(0.05, 0.35) + before.uniform(0.010, 0.045) * 24)
        chance, name = lot(seed, "emptying", number, day), f"bin-{number:04d}"
        data = {
            "fill_before": None if happens(chance, 0.05) else round(full, 2),
            "kg": None if happens(chance, 0.03) else round(3 + 28 * full + chance.uniform(-2, 2), 1),
            "km": None if happens(chance, 0.02) else round(chance.uniform(0.2, 1.6), 1),
        }
        moment = at(day, 6 * 3600 - 1_800 + number * 8)
        back, borough = at(day, 12 * 3600 + number % 3 * 4_500), BOROUGHS[number % 7]
        yield tell("wbd.bin.emptied", moment, name, (name, day), data, borough=borough, told_at=back)


STREAMS = (
    Stream("bins", timedelta(hours=48), _bins),
    Stream("bins-emptied", timedelta(days=6), _emptied),
)
