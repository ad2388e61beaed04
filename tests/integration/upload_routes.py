"""Routes of tables that are handed in, as the matrix of partners asks them, and what it asks about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Side(NamedTuple):
    """What a partner has at the hub: nobody else may hear a word of it."""

    partner: str
    mark: str
    producer: str
    good: str
    bad: str
    place: tuple[int, int]

    def secrets(self) -> list[str]:
        return [self.mark, self.producer, self.good, self.bad, f"du.evt.{self.partner}.", f"du.dlq.{self.partner}"]


class Ask(NamedTuple):
    """A request about a side's thing. `typed`: what it says itself, and an answer may repeat."""

    method: str
    path: str
    body: bytes = b""
    kind: str = "application/json"
    typed: str = ""


FEEDS = {"dvv": ("dvv.water", "abrechnung"), "wbd": ("wbd.segments", "messtechnik")}
"""A table of each partner."""


def _upload(method: str, path: str, body: bytes = b"") -> Callable[[Side], Ask]:
    def ask(side: Side) -> Ask:
        feed, table = FEEDS[side.partner]
        return Ask(method, path.format(feed=feed, table=table, id="0" * 32, ending="xlsx"), body)

    return ask


UPLOADS: Mapping[tuple[str, str], Callable[[Side], Ask]] = {
    key: _upload(*key, b"{}" if key[0] == "POST" else b"")
    for key in (
        ("GET", "/v1/uploads"),
        ("POST", "/v1/uploads/{feed}/{table}"),
        ("POST", "/v1/uploads/{feed}/{table}/row"),
        ("GET", "/v1/uploads/{feed}/{table}/template.{ending}"),
        ("GET", "/v1/uploads/{feed}/staged/{id}"),
        ("DELETE", "/v1/uploads/{feed}/staged/{id}"),
        ("POST", "/v1/uploads/{feed}/staged/{id}/commit"),
    )
}
