"""How sources stand, in the store: observations of the last day, and every change of health for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, true, tuple_

from cityhub.kpi.health.kpi import SourceHealths
from cityhub.kpi.health.source import REMEMBERED_S, STEP_S, Cause, Observation, SourceHealth, State, following
from cityhub.kpi.store import health_tables as tables
from cityhub.kpi.store.dialect import insert_missing

KEEP_S = 86_400 + REMEMBERED_S
"""Observations stay for a day, for the page of sources, and as long as healths look back."""
_row = tables.observation.c
_source = tables.source.c
_decode = msgspec.json.Decoder(Observation).decode


def last_step(connection: Connection, until: datetime | None = None) -> int | None:
    """Start of the newest step that was observed, or that was over by `until`; None where none is known."""
    query = select(func.max(_row.start))
    if until is not None:
        query = query.where(_row.start <= int(until.timestamp()) - STEP_S)
    found: int | None = connection.scalar(query)
    return found


def observe(connection: Connection, observations: Sequence[Observation]) -> None:
    """Keep observations of one step and what follows from them; those that are there already change nothing."""
    for one in observations:
        earlier = _earlier(connection, one)
        rows = [{"source": one.source, "start": one.start_s, "payload": msgspec.json.encode(one)}]
        insert_missing(connection, tables.observation, rows)
        before = _newest(connection, one.source)
        after = following(before, [*earlier, one])
        if after != before:
            connection.execute(insert(tables.source).values(_columns(after)))


def observations(connection: Connection, since_s: int) -> list[Observation]:
    """Those of steps that began at `since_s` or later, in the order of sources and time."""
    query = select(_row.payload).where(_row.start >= since_s).order_by(_row.source, _row.start)
    return [_decode(bytes(payload)) for (payload,) in connection.execute(query)]


def source_healths(connection: Connection, at: datetime | None = None) -> SourceHealths:
    """How the sources stood at an instant; None = by the newest observation."""
    by_then = _source.at <= int(at.timestamp()) if at is not None else true()
    newest = select(_source.source, func.max(_source.at)).where(by_then).group_by(_source.source)
    first = connection.scalar(select(func.min(_source.at)).where(by_then))
    found = connection.execute(select(tables.source).where(tuple_(_source.source, _source.at).in_(newest)))
    step = last_step(connection, at)
    observed = None if step is None else datetime.fromtimestamp(step + STEP_S, UTC)
    by_source = {row.source: _of_row(row) for row in found}
    since = None if first is None else datetime.fromtimestamp(first, UTC)
    return SourceHealths(at or observed, observed, by_source, since)


def forget(connection: Connection, now_s: int) -> None:
    """Forget observations that are older than a day."""
    connection.execute(delete(tables.observation).where(_row.start < now_s - KEEP_S))


def _earlier(connection: Connection, one: Observation) -> list[Observation]:
    query = select(_row.payload).where(
        _row.source == one.source, _row.start >= one.start_s - REMEMBERED_S, _row.start < one.start_s
    )
    return [_decode(bytes(payload)) for (payload,) in connection.execute(query.order_by(_row.start))]


def _newest(connection: Connection, source: str) -> SourceHealth | None:
    query = select(tables.source).where(_source.source == source).order_by(_source.at.desc()).limit(1)
    found = connection.execute(query).one_or_none()
    return None if found is None else _of_row(found)


def _of_row(row: Row[Any]) -> SourceHealth:
    state, cause = State(row.state), Cause(row.cause) if row.cause else None
    return SourceHealth(source=row.source, at_s=row.at, state=state, cause=cause, share=row.share, since_s=row.since)


def _columns(one: SourceHealth) -> dict[str, object]:
    return {
        "source": one.source,
        "at": one.at_s,
        "state": one.state.value,
        "cause": one.cause.value if one.cause else "",
        "share": one.share,
        "since": one.since_s,
    }
