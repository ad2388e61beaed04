"""What all web processes of an installation share: log-ins of browsers, and how feeds stand."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Double, LargeBinary, Text, text

revision = "0010"
down_revision = "0009"


def _moment(name: str, comment: str, default: str | None = None) -> Column[float]:
    given = None if default is None else text(default)
    return Column(name, Double, nullable=False, server_default=given, comment=f"epoch seconds: {comment}")


def upgrade() -> None:
    """New tables; whoever was logged in before logs in once more."""
    op.create_table(
        "browser_session",
        Column("id_hash", LargeBinary, primary_key=True, comment="SHA-256 of the id, which only the browser has"),
        Column("sid", Text, nullable=False, comment="Keycloak's id of the log-in"),
        Column("subject", Text, nullable=False, comment="Keycloak's id of the person"),
        _moment("opened_at", "log-in"),
        _moment("seen_at", "last use"),
        _moment("claimed_at", "when a process began to renew it; 0 = none does", "0"),
        Column("sealed", LargeBinary, nullable=False, comment="the Grant, sealed with a key made from the id"),
        sqlite_with_rowid=False,
    )
    op.create_index("browser_session_by_sid", "browser_session", ["sid"])
    op.create_index("browser_session_by_subject", "browser_session", ["subject"])
    op.create_table(
        "feed_status",
        Column("feed", Text, primary_key=True),
        Column("payload", LargeBinary, nullable=False, comment="the FeedStatus as JSON"),
    )
    op.create_table(
        "feed_memory",
        Column("feed", Text, primary_key=True, comment="one that sends tables"),
        Column("key", Text, primary_key=True),
        Column("body", LargeBinary, nullable=False, comment="what its mapping remembers there"),
        sqlite_with_rowid=False,
    )
