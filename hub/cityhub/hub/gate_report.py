"""That the gate lives, as a file of the data directory: its time is when Kafka has answered the gate last."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

FILE = "gate.alive"
_SILENT_S = 30.0
"""The gate asks twice a second; longer it does not pause."""


def note(data: Path) -> None:
    """Kafka has answered."""
    (data / FILE).touch()


def unready(data: Path, started: datetime, now_s: float) -> str | None:
    """Ready when Kafka has answered lately.

    Args:
        started: of this run of the hub; what an earlier one has noted does not count.
    """
    try:
        seen_s = (data / FILE).stat().st_mtime
    except FileNotFoundError:
        seen_s = 0.0
    if seen_s < started.timestamp():
        return "it has not asked Kafka yet"
    silent_s = now_s - seen_s
    return f"it has not asked Kafka for {silent_s:.0f} s" if silent_s > _SILENT_S else None
