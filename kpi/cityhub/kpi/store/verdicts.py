"""Verdicts: what was refused and why, by its place in the log; every recompute obeys them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from cityhub.bus import trace_context
from cityhub.kpi.kernel.record import LogRecord, Verdict
from cityhub.kpi.store import schema

MAX_DEAD_PAYLOAD = 1 << 20


def write_verdicts(
    connection: Connection, topic: str, part: int, verdicts: Sequence[Verdict], *, relay: bool = True
) -> None:
    """Keep verdicts.

    Args:
        relay: whether the records are still owed to the dead letters.
    """
    rows = [
        {
            "topic": topic,
            "part": part,
            "off": item.record.offset,
            "reason": item.reason.value,
            "detail": item.detail[:500],
            "event_id": item.event_id[:256],
            "appended_ms": item.record.timestamp,
            "payload": (item.record.value or b"")[:MAX_DEAD_PAYLOAD] if relay else None,
            "trace": traceparent_of(item.record) or None,
        }
        for item in verdicts
    ]
    if rows:
        connection.execute(insert(schema.verdict), rows)


def traceparent_of(record: LogRecord) -> str:
    """The record's `traceparent`; "" where it has none, as records out of the archive."""
    return trace_context.in_headers(getattr(record, "headers", None) or ())


def trace_of(record: LogRecord) -> str:
    """Its trace's id."""
    return trace_context.trace_id(traceparent_of(record))
