"""Signs of life of a process, as a file of the data directory: its time is when Kafka has answered it last."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

_SILENT_S = 30.0
"""Who gives signs asks every few seconds; longer they do not pause."""


def note(data: Path, name: str) -> None:
    """Kafka has answered the process of that name."""
    _file(data, name).touch()


def unready(data: Path, name: str, started: datetime, now_s: float) -> str | None:
    """Ready when Kafka has answered lately.

    Args:
        started: of this run of the hub; what an earlier one has noted does not count.
    """
    try:
        seen_s = _file(data, name).stat().st_mtime
    except FileNotFoundError:
        seen_s = 0.0
    if seen_s < started.timestamp():
        return "it has not asked Kafka yet"
    silent_s = now_s - seen_s
    return f"it has not asked Kafka for {silent_s:.0f} s" if silent_s > _SILENT_S else None


def _file(data: Path, name: str) -> Path:
    return data / f"{name}.alive"
