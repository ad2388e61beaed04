"""Log-ins of browsers, for all web processes of an installation."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Double, LargeBinary, Text, text

revision = "0010"
down_revision = "0009"


def _moment(name: str, comment: str, default: str | None = None) -> Column[float]:
    given = None if default is None else text(default)
    return Column(name, Double, nullable=False, server_default=given, comment=f"epoch seconds: {comment}")


def upgrade() -> None:
    """A new table; whoever was logged in before logs in once more."""
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
