"""How far each definition is published: what a publisher goes on from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.references import Seen


class Watermark(Struct, frozen=True):
    """What of a definition is published: which one, up to which clock (epoch s), with which denominators."""

    version: int
    hash: str
    until_s: int
    references: dict[str, Seen]


def read_watermarks(connection: Connection, kpis: Iterable[str]) -> dict[str, Watermark]:
    """By KPI; one that was never published is left out."""
    row = schema.meta.c
    keys = {_key(kpi): kpi for kpi in kpis}
    found = connection.execute(select(row.key, row.value).where(row.key.in_(list(keys))))
    return {keys[key]: msgspec.json.decode(text, type=Watermark) for key, text in found}


def write_watermarks(connection: Connection, watermarks: Mapping[str, Watermark]) -> None:
    """Keep them in place of those before."""
    rows = [{"key": _key(kpi), "value": msgspec.json.encode(mark).decode()} for kpi, mark in watermarks.items()]
    if rows:
        statement = upsert(connection, schema.meta)
        statement = statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
        connection.execute(statement, rows)


def _key(kpi: str) -> str:
    return f"published/{kpi}"
