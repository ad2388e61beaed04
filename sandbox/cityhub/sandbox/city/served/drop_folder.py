"""Folders that partners put files into: what is in them stays, what is told remembers up to when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def arranged(folder: Path, wanted: Mapping[str, Callable[[], bytes]]) -> None:
    """Exactly the wanted files are there, each made once; older ones are cleared away."""
    there = {path.name for path in folder.iterdir()}
    for name in wanted.keys() - there:
        put(folder, name, wanted[name]())
    for name in there - wanted.keys():
        (folder / name).unlink()
