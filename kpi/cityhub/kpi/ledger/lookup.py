"""Finding an event by its id in what the store knows: where it was counted, or why it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from sqlalchemy import BindParameter, ColumnElement, Connection, LargeBinary, bindparam, func, select, type_coerce
from xxhash import xxh3_128_digest

from cityhub.kpi.store import ledger_tables as tables
from cityhub.kpi.store import schema
from cityhub.kpi.store.dedup import CONTENT_BYTES, KEY_BYTES


class Place(NamedTuple):
    """A record of the log."""

    topic: str
    part: int
    offset: int


class Refusal(NamedTuple):
    """What the engine said of a record."""

    place: Place
    reason: str
    detail: str
    at_ms: int


def sources(connection: Connection, partner: str) -> list[str]:
    """The sources whose events have come from a partner, newest first."""
    row = tables.source.c
    return list(connection.scalars(select(row.source).where(row.partner == partner).order_by(row.last_ms.desc())))


def entered(connection: Connection) -> dict[tuple[str, int], int]:
    """Last record that is in the ledger, by topic and partition: the sources of later ones may be unknown."""
    row = tables.cursor.c
    return {(topic, part): off for topic, part, off in connection.execute(select(row.topic, row.part, row.off))}


def counted(connection: Connection, job: str, topics: Iterable[str], id_: str, known: Iterable[str]) -> Iterator[Place]:
    """Where an event stands that was counted; only within the horizon of its topic, in which ids are remembered.

    Args:
        known: sources that may have sent it; an id names an event together with its source.
    """
    row = schema.seen.c
    some = list(topics)
    for source in known:
        key = xxh3_128_digest(f"{source}\0{id_}".encode())
        query = select(row.topic, row.part, row.first_off, row.n, row.ids, row.more)
        here = query.where(row.job == job, row.topic.in_(some), _holds(connection, row.ids, key))
        for topic, part, first, n, ids, more in connection.execute(here):
            place = _index(bytes(ids), key)
            if place is not None:
                offsets = np.frombuffer(bytes(more)[n * CONTENT_BYTES :], "<u4")
                yield Place(topic, part, first + int(offsets[place]))


def refused(connection: Connection, topics: Iterable[str], id_: str) -> Iterator[Refusal]:
    """What the engine refused under an id."""
    row = schema.verdict.c
    query = select(row.topic, row.part, row.off, row.reason, row.detail, row.appended_ms)
    for topic, part, off, *words in connection.execute(
        query.where(row.topic.in_(list(topics)), row.event_id == id_[:256]).order_by(row.appended_ms)
    ):
        yield Refusal(Place(topic, part, off), *words)


def _holds(connection: Connection, column: ColumnElement[bytes], key: bytes) -> ColumnElement[bool]:
    wanted: BindParameter[bytes] = bindparam("key", key, LargeBinary)
    if connection.dialect.name == "postgresql":
        return func.position(wanted.op("in")(column)) > 0
    return func.instr(type_coerce(column, LargeBinary), wanted) > 0


def _index(ids: bytes, key: bytes) -> int | None:
    """Which id of a row it is; the bytes may also stand across two ids by chance."""
    at = ids.find(key)
    while at >= 0 and at % KEY_BYTES:
        at = ids.find(key, at + 1)
    return at // KEY_BYTES if at >= 0 else None
