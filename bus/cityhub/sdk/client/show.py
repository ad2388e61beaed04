"""What commands print: JSON for programs, tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import msgspec

_WIDEST = 60


class Printer:
    """Writes answers.

    Args:
        as_json: one JSON document per line instead of text.
    """

    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self._out = out
        self.as_json = as_json

    def say(self, document: Any, text: str) -> None:
        """One answer, in the one form or the other; an empty text is nothing to say."""
        told = msgspec.json.encode(document).decode() if self.as_json else text
        if told:
            self._out.write(f"{told}\n")
            self._out.flush()

    def page(self, body: bytes) -> None:
        """What the hub answered, whatever members it has."""
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = body.decode("utf-8", "replace")
        self.say(found, as_text(found))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def as_text(found: Any) -> str:
    """JSON for people: a list of objects as a table, an object as its members, each list of objects below them."""
    if isinstance(found, list):
        return _rows(found)
    if not isinstance(found, Mapping):
        return str(found)
    plain = {name: value for name, value in found.items() if not _is_rows(value)}
    lines = [f"{name}: {_cell(value)}" for name, value in plain.items()]
    for name, value in found.items():
        if _is_rows(value):
            lines += ["", f"{name}:", _rows(value)]
    return "\n".join(lines).strip()


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _rows(found: list[Any]) -> str:
    if not _is_rows(found):
        return "\n".join(_cell(one) for one in found) or "none"
    heads = list(dict.fromkeys(name for one in found for name in one))
    return table([name.upper() for name in heads], [[_cell(one.get(name)) for name in heads] for one in found])


def _cell(value: Any) -> str:
    """One line; what the hub says may hold anything."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
