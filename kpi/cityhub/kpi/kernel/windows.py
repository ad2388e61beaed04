"""Windows of event time: half-open, local ones by Europe/Berlin, merges of hourly base buckets.

The zone's rules come from the pinned `tzdata` package, not from the machine, so that two machines agree on every day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from cityhub.kpi.values import WindowKind

HOUR_S = 3600


@lru_cache(maxsize=1)
def berlin() -> ZoneInfo:
    """Europe/Berlin from the pinned package."""
    with files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").open("rb") as rules:
        return ZoneInfo.from_file(rules, key="Europe/Berlin")


def grain_start(epoch_s: int) -> int:
    """Start of the hour an instant falls into, in epoch seconds.

    Europe/Berlin is whole hours from UTC, so local hours are UTC hours.
    """
    return epoch_s - epoch_s % HOUR_S


@lru_cache(maxsize=4096)
def window_of(kind: WindowKind, epoch_s: int) -> tuple[int, int]:
    """The window [start, end) that contains an instant; epoch seconds. Local days have 23, 24 or 25 hours."""
    if kind is WindowKind.HOUR:
        start = grain_start(epoch_s)
        return start, start + HOUR_S
    local = datetime.fromtimestamp(epoch_s, UTC).astimezone(berlin())
    return local_midnight(local), local_midnight(local + timedelta(days=1))


def local_midnight(local: datetime) -> int:
    """Epoch seconds of the start of the local day a local time lies in."""
    return int(datetime(local.year, local.month, local.day, tzinfo=berlin()).timestamp())
