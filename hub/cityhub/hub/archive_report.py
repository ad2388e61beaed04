"""What the archive process says of itself, in a file of the data directory: `status` need not read the archive."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from cityhub.bus.archive.progress import Round

FILE = "archive.json"
_TURN_S = 60.0
"""What one turn may take before it looks stuck."""


def write(data: Path, told: Round) -> None:
    """Note a turn; it is there whole or not at all."""
    unfinished = data / f"{FILE}.new"
    unfinished.write_bytes(msgspec.json.encode(told))
    unfinished.replace(data / FILE)


def read(data: Path) -> Round | None:
    """The last turn; None while there was none."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=Round)
    except (OSError, msgspec.MsgspecError):
        return None


def unready(data: Path, started: datetime, every_s: float, now_s: float) -> str | None:
    """Ready when its last turn is recent, no topic is in trouble, and no backlog is worked off.

    Args:
        started: of this run of the hub; what an earlier one has noted does not count.
    """
    told = read(data)
    if told is None or told.at_ms / 1000 < started.timestamp():
        return "it has not looked at every topic yet"
    if told.trouble:
        return "; ".join(told.trouble.values())
    if (silent_s := now_s - told.at_ms / 1000) > every_s + _TURN_S:
        return f"its last turn was {silent_s:.0f} s ago"
    records = sum(told.behind.values())
    return f"it works off a backlog: {records} records that were counted are not archived yet" if records else None
