"""The last day of every source in the store: sums of its steps, and what the newest observation says of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.source import Observation
from cityhub.kpi.store import health_tables as tables

DAY_S = 86_400
_step = tables.step.c
_seen = tables.observation.c
_counts = msgspec.json.Decoder(dict[str, int]).decode
_decode = msgspec.json.Decoder(Observation).decode
_NONE = b"{}"


def source_days(connection: Connection, until: datetime) -> Mapping[str, SourceDay]:
    """By event type; those of which nothing ever came are absent."""
    since = _step.start >= int(until.timestamp()) - DAY_S
    sums = select(_step.stream, func.sum(_step.accepted)).where(since).group_by(_step.stream)
    accepted = {stream: int(n) for stream, n in connection.execute(sums)}
    refused: dict[str, int] = {}
    for stream, reasons in connection.execute(select(_step.stream, _step.refused).where(since, _step.refused != _NONE)):
        refused[stream] = refused.get(stream, 0) + sum(_counts(bytes(reasons)).values())
    newest = select(_seen.source, func.max(_seen.start)).group_by(_seen.source)
    rows = connection.execute(select(_seen.payload).where(tuple_(_seen.source, _seen.start).in_(newest)))
    looked = {one.source: one for one in (_decode(bytes(payload)) for (payload,) in rows)}
    return {
        stream: _day(accepted.get(stream, 0), refused.get(stream, 0), looked.get(stream))
        for stream in {*accepted, *refused, *looked} - {""}
    }


def _day(accepted: int, refused: int, looked: Observation | None) -> SourceDay:
    if looked is None:
        return SourceDay(received=accepted + refused, rejected=refused)
    return SourceDay(
        received=accepted + refused,
        rejected=refused,
        newest=datetime.fromtimestamp(looked.newest_s, UTC),
        known=looked.known,
        heard=looked.heard,
    )
