"""Folders that partners put files into: what is in them stays, what is told remembers up to when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cityhub.sandbox.city.chronicle import instant

UPTO = ".bis"
"""File in the folder that remembers up to when it tells; readers leave it alone."""


def told_upto(folder: Path, name: str = UPTO) -> datetime | None:
    """The instant that a file in the folder remembers, None at first."""
    try:
        return instant((folder / name).read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return None


def put(folder: Path, name: str, body: bytes) -> None:
    """Complete at once."""
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(body)
    unfinished.replace(folder / name)
