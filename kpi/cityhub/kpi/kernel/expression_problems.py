"""Faults of a definition, gathered: a writer sees all of them at once, each with the path to its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from cityhub.kpi.errors import DefinitionError

T = TypeVar("T")
_SHOWN = 80


class Problems(DefinitionError):  # noqa: N818 - a report, of one fault or many
    """Faults of one part of a definition.

    Attributes:
        found: (path, text) of each fault; the path is relative to the part that was read. Empty: the cause is a fault
            that was told elsewhere.
    """

    def __init__(self, *found: tuple[str, str]) -> None:
        super().__init__("\n".join(f"{path}: {text}" if path else text for path, text in found))
        self.found = found


class Gathering:
    """Reads parts one after another and keeps the faults of each, so that one does not hide the next."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._failed = False

    def add(self, path: str, text: str) -> None:
        self._failed = True
        self.found.append((path, text))

    def read(self, path: str, part: Callable[[], T]) -> T:
        """What `part` gives. After a fault, kept under `path`, it is None: `settle` before you rely on it."""
        try:
            return part()
        except Problems as problems:
            self._failed = True
            self.found += [(join(path, inner), text) for inner, text in problems.found]
            return cast("T", None)

    def settle(self) -> None:
        """Raise what was found, if anything failed."""
        if self._failed:
            raise Problems(*self.found)


def every(parts: Iterable[tuple[str, Callable[[], T]]]) -> list[T]:
    """Read several parts; the faults of all of them are raised together."""
    gathering = Gathering()
    read = [gathering.read(path, part) for path, part in parts]
    gathering.settle()
    return read


def refuse(text: str, path: str = "") -> Problems:
    """One fault."""
    return Problems((path, text))


def join(path: str, inner: str) -> str:
    """`a` and `b` → `a.b`; `a` and `[1]` → `a[1]`."""
    return f"{path}.{inner}" if path and inner and not inner.startswith("[") else path + inner


def near(name: str, known: Iterable[str]) -> str:
    """How to go on after an unknown name: the closest known ones, else all of them."""
    names = list(known)
    return f"use one of {', '.join(get_close_matches(name, names, 3) or names)}" if names else "there is none to use"


def shown(value: Any) -> str:
    """A value as a message shows it: short, and never a whole file."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
