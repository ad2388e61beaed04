"""GEBAG's flats and repairs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, local_day, pick, tell
from cityhub.sandbox.city.traffic import lot

_LONGEST_REPAIR_D = 40


def _flats(seed: int, day: date) -> Iterator[Told]:
    """Modernised flats; some records are corrected two days later, few are taken back."""
    for back in (0, 2):
        first_day = day - timedelta(days=back)
        chance = lot(seed, "flats", first_day)
        for number in range(chance.randrange(3)):
            flat = f"flat-{first_day.isoformat()}-{number}"
            area, fate = round(chance.uniform(35, 110), 2), chance.random()
            data: dict[str, Any] = {"flat_id": flat, "version": 1, "modernised": True, "area_m2": area}
            type_ = "de.duisburg.gebag.flat.status-changed.v1"
            if back == 0:
                yield Told(type_, at(day, 14 * 3600), flat, (flat,), data)
            elif fate < 0.2:  # noqa: PLR2004
                data |= {"version": 2, "area_m2": round(area + 1.5, 2), "withdrawn": fate < 0.03}  # noqa: PLR2004
                yield Told(type_, at(day, 10 * 3600), flat, (flat,), data, version="2")


def _repairs(seed: int, day: date) -> Iterator[Told]:
    """Repairs asked for on a day and repairs done on it; some never are."""
    for back in range(_LONGEST_REPAIR_D + 1):
        opened_on = day - back * DAY
        chance = lot(seed, "repairs", opened_on)
        for number in range(amount(chance, 18, opened_on)):
            ticket = f"reparatur-{opened_on}-{number}"
            opened = at(opened_on, chance.triangular(6 * 3600, 86_399, 10 * 3600))
            took = timedelta(days=min(_LONGEST_REPAIR_D - 1, chance.lognormvariate(1.4, 0.8)), hours=1)
            trade = pick(chance, {"sanitaer": 0.35, "heizung": 0.25, "elektro": 0.2, "tueren": 0.2})
            data = {"ticket": ticket, "trade": None if happens(chance, 0.05) else trade}
            done = happens(chance, 0.96)
            if back == 0:
                yield tell("gebag.ticket.opened", opened, ticket, (ticket, "opened"), data)
            if done and local_day(opened + took) == day:
                yield tell("gebag.ticket.resolved", opened + took, ticket, (ticket, "resolved"), data)


STREAMS = (
    Stream("flats", timedelta(days=399), _flats),
    Stream("repairs", timedelta(days=89), _repairs),
)
