"""Pure: when a vessel has arrived and left, from its reports. Rules: docs/adapters/duisport-vessels.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.duisport.vessels.berths import Berth, berth_at

HOLD_S = 300
"""So long must a vessel lie, or be away, before it counts."""
_SLOW_KN, _UNDER_WAY_KN = 0.5, 1.0
_AWAY = 1.5
"""Radii: GPS wanders, and ropes give."""
GONE_S = 6 * 3600
"""A vessel that was last heard of under way has left, when it is silent for so long."""
PASSED_S = 3600
"""A vessel that only passed is forgotten after so much silence."""
COLD_S = 900
"""A vessel that already lies when listening begins came at an unknown time; it is heard within this span."""


class Seen(Struct, frozen=True):
    """What a report says, seconds since 1970."""

    at: int
    lat: float
    lon: float
    knots: float


class Vessel(Struct, frozen=True, array_like=True):
    """What is remembered of a vessel.

    Attributes:
        at: of its newest report. since: of the first one with which it lay there.
        came: its arrival was seen. away: since when it has been under way or elsewhere, None while it lies.
    """

    phase: Literal["passing", "coming", "lying"]
    at: int
    since: int
    came: bool
    berth: Berth | None = None
    away: int | None = None


class Stay(Struct, frozen=True):
    """What became known. Attributes: at: when; since: the stay's beginning; came: that was seen."""

    verb: Literal["arrived", "departed"]
    at: int
    since: int
    berth: str
    came: bool


def watch(
    vessel: Vessel | None, seen: Seen, berths: Sequence[Berth], *, cold: bool
) -> tuple[Vessel | None, list[Stay]]:
    """The vessel after a report, None when there is nothing to remember, and what is known by it.

    Args:
        cold: listening has just begun.
    """
    known: list[Stay] = []
    if vessel is not None and (left := silent(vessel, seen.at)):
        vessel, known = None, [left]
    if vessel is not None and vessel.phase != "lying" and seen.at - vessel.at > PASSED_S:
        vessel = None
    if vessel is not None and vessel.phase == "lying":
        vessel, left = _lying(vessel, seen)
        return vessel, [left] if left else []
    berth = berth_at(berths, seen.lat, seen.lon) if seen.knots <= _SLOW_KN else None
    came = vessel.came if vessel is not None else not cold
    if berth is None:
        passing = Vessel("passing", seen.at, seen.at, came=True)
        return (passing if cold or vessel is not None else None), known
    if vessel is None or vessel.phase == "passing" or vessel.berth != berth:
        return Vessel("coming", seen.at, seen.at, came, berth), known
    if seen.at - vessel.since < HOLD_S:
        return replace(vessel, at=seen.at), known
    return replace(vessel, phase="lying", at=seen.at), [*known, _stay("arrived", vessel, vessel.since)]


def silent(vessel: Vessel, now: int) -> Stay | None:
    """The departure of a vessel that was last heard of under way, long ago."""
    if vessel.away is None or now - vessel.at < GONE_S:
        return None
    return _stay("departed", vessel, vessel.away)


def _lying(vessel: Vessel, seen: Seen) -> tuple[Vessel | None, Stay | None]:
    here = vessel.berth
    if (
        here is not None
        and seen.knots <= _UNDER_WAY_KN
        and here.distance_m(seen.lat, seen.lon) <= _AWAY * here.radius_m
    ):
        return replace(vessel, at=seen.at, away=None), None
    away = seen.at if vessel.away is None else vessel.away
    if seen.at - away < HOLD_S:
        return replace(vessel, at=seen.at, away=away), None
    return None, _stay("departed", vessel, away)


def _stay(verb: Literal["arrived", "departed"], vessel: Vessel, at: int) -> Stay:
    return Stay(verb, at, vessel.since, vessel.berth.berth if vessel.berth else "", vessel.came)
