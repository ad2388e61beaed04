"""Tables of what all web processes of an installation share: log-ins of browsers, and how feeds stand."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, LargeBinary, Table, Text, text

from cityhub.kpi.store.schema import metadata


def _moment(name: str, comment: str, default: str | None = None) -> Column[float]:
    given = None if default is None else text(default)
    return Column(name, Double, nullable=False, server_default=given, comment=f"epoch seconds: {comment}")


session = Table(
    "browser_session",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True, comment="SHA-256 of the id, which only the browser has"),
    Column("sid", Text, nullable=False, comment="Keycloak's id of the log-in"),
    Column("subject", Text, nullable=False, comment="Keycloak's id of the person"),
    _moment("opened_at", "log-in"),
    _moment("seen_at", "last use"),
    _moment("claimed_at", "when a process began to renew it; 0 = none does", "0"),
    Column("sealed", LargeBinary, nullable=False, comment="the Grant, sealed with a key made from the id"),
    Index("browser_session_by_sid", "sid"),
    Index("browser_session_by_subject", "subject"),
    sqlite_with_rowid=False,
)

feed_status = Table(
    "feed_status",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("payload", LargeBinary, nullable=False, comment="the FeedStatus as JSON"),
)

feed_memory = Table(
    "feed_memory",
    metadata,
    Column("feed", Text, primary_key=True, comment="one that sends tables"),
    Column("key", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False, comment="what its mapping remembers there"),
    sqlite_with_rowid=False,
)
