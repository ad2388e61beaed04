"""Local time of Duisburg as partners write it: without an offset, and twice in the night when summer time ends."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Berlin")
_ZONES = {"MESZ": 0, "CEST": 0, "A": 0, "MEZ": 1, "CET": 1, "B": 1}
"""What tells the two lives of an hour apart (`fold`); `2:30 A` is the first of them."""


def from_local(written: datetime, zone: str = "") -> datetime:
    """The instant, in UTC.

    Args:
        written: without an offset. zone: MEZ, MESZ, CET, CEST, A or B, "" where nothing is said.

    Raises:
        ValueError: there was no such hour, or it came twice and nothing says which, or the zone is another one's.
    """
    first, second = (written.replace(tzinfo=LOCAL, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:
        raise ValueError("there was no such hour: summer time began then")
    if not zone:
        if first != second:
            raise ValueError("this hour came twice, as summer time ended; write MESZ or MEZ behind it")
        return first
    if zone not in _ZONES:
        raise ValueError(f"{zone!r} is no local zone; write MEZ or MESZ")
    moment = (first, second)[_ZONES[zone]]
    if first == second and moment.astimezone(LOCAL).dst() and zone in {"MEZ", "CET", "B"}:
        raise ValueError(f"it is summer time then, not {zone}")
    if first == second and not moment.astimezone(LOCAL).dst() and zone in {"MESZ", "CEST", "A"}:
        raise ValueError(f"it is no summer time then, not {zone}")
    return moment
