"""What the auditor found last, by KPI and version."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, select

from cityhub.kpi.audited import Audit, AuditState
from cityhub.kpi.store import schema
from cityhub.kpi.store.decisions import chosen
from cityhub.kpi.store.dialect import upsert

_decode = msgspec.json.Decoder(Audit).decode


def write_audit(connection: Connection, audit: Audit, at_ms: int) -> None:
    """Keep an audit in place of the one before.

    Args:
        at_ms: wall clock when its cut was taken, epoch ms.
    """
    statement = upsert(connection, schema.audit)
    row = {
        "kpi": audit.kpi,
        "version": audit.version,
        "at_ms": at_ms,
        "clean_ms": at_ms if audit.clean else 0,
        "payload": msgspec.json.encode(audit),
    }
    names = ("at_ms", "payload", *(("clean_ms",) if audit.clean else ()))
    changing = {name: statement.excluded[name] for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=["kpi", "version"], set_=changing), [row])


def newest(connection: Connection) -> list[AuditState]:
    """The newest audit of the version of each KPI that counts, in the order of ids."""
    row, counts = schema.audit.c, chosen(connection)
    query = select(row.kpi, row.version, row.at_ms, row.clean_ms, row.payload).order_by(row.kpi, row.version)
    return [
        AuditState(_instant(at_ms), _instant(clean_ms) if clean_ms else None, _decode(payload))
        for kpi, version, at_ms, clean_ms, payload in connection.execute(query)
        if counts.get(kpi, version) == version
    ]


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
