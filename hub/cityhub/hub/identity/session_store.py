"""Where browser sessions rest: one SQLite file that is of no use to whoever copies it.

Of a session's id only its SHA-256 is kept, and tokens are sealed with a key made from the id, which the browser has.
"""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import structlog
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct

from cityhub.hub.errors import StorageUnusable
from cityhub.sdk.principal import Principal

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id_hash BLOB PRIMARY KEY,
    sid TEXT NOT NULL,
    subject TEXT NOT NULL,
    opened_at REAL NOT NULL,
    seen_at REAL NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_by_sid ON session (sid);
CREATE INDEX IF NOT EXISTS session_by_subject ON session (subject);
"""


class Grant(Struct, frozen=True, kw_only=True):
    """What Keycloak granted at log-in or renewal.

    Attributes:
        sid: Keycloak's id of the log-in session.
        granted_at: seconds since the epoch.
    """

    principal: Principal
    sid: str
    refresh_token: str
    granted_at: float

    def __repr__(self) -> str:
        return f"Grant(sid={self.sid!r}, …)"


class Session(Struct, frozen=True):
    """One browser's log-in; times are seconds since the epoch."""

    grant: Grant
    opened_at: float
    seen_at: float


class SessionStore:
    """Sessions by id. Every call is one indexed statement (well under a millisecond), for one thread only.

    Raises:
        StorageUnusable: the file cannot be opened as a database.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise StorageUnusable(
                f"{path} cannot be used for sessions ({error}): repair it, or delete it to log everyone out"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, session_id: str, session: Session) -> None:
        """Keep a new session."""
        sealed = _seal(session_id, session.grant)
        row = (
            _digest(session_id),
            session.grant.sid,
            session.grant.principal.subject,
            session.opened_at,
            session.seen_at,
            sealed,
        )
        self._db.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)", row)

    def get(self, session_id: str) -> Session | None:
        """The session, or None where it never was, has ended or was sealed by another version of the hub."""
        row = self._db.execute(
            "SELECT sealed, opened_at, seen_at FROM session WHERE id_hash = ?", (_digest(session_id),)
        ).fetchone()
        if row is None:
            return None
        try:
            return Session(_unseal(session_id, row[0]), row[1], row[2])
        except (InvalidToken, msgspec.MsgspecError):
            self.remove(session_id)
            return None

    def renew(self, session_id: str, grant: Grant) -> None:
        """Replace what Keycloak granted, unless the session has ended meanwhile."""
        self._note("UPDATE session SET sealed = ? WHERE id_hash = ?", _seal(session_id, grant), _digest(session_id))

    def touch(self, session_id: str, now: float) -> None:
        """Note that the session was used."""
        self._note("UPDATE session SET seen_at = ? WHERE id_hash = ?", now, _digest(session_id))

    def _note(self, statement: str, *values: object) -> None:
        """On a full disk people still see their pages; their sessions only end earlier."""
        try:
            self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            _log.warning("session_not_noted", reason=str(error))

    def remove(self, session_id: str) -> None:
        """End one session; an unknown one is no error."""
        self._db.execute("DELETE FROM session WHERE id_hash = ?", (_digest(session_id),))

    def remove_all(self, *, sid: str, subject: str) -> int:
        """End the sessions of that log-in, or where `sid` is empty of that person; returns how many."""
        column, value = ("sid", sid) if sid else ("subject", subject)
        return self._db.execute(f"DELETE FROM session WHERE {column} = ?", (value,)).rowcount  # noqa: S608 - two fixed names

    def sweep(self, *, opened_before: float, seen_before: float) -> int:
        """Forget the sessions that have run out; returns how many."""
        where: Sequence[float] = (opened_before, seen_before)
        return self._db.execute("DELETE FROM session WHERE opened_at < ? OR seen_at < ?", where).rowcount


def count_sessions(path: Path) -> int:
    """How many log-ins are open, from any thread; 0 before the file is made.

    Raises:
        OSError: it cannot be read.
    """
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM session").fetchone()[0])
    except sqlite3.Error as error:
        raise OSError(f"{path} cannot be read: {error}") from error


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()


def _box(session_id: str) -> Fernet:
    """The prefix keeps the key apart from the id's digest, which is stored."""
    return Fernet(urlsafe_b64encode(sha256(b"cityhub session tokens\0" + session_id.encode()).digest()))


def _seal(session_id: str, grant: Grant) -> bytes:
    return _box(session_id).encrypt(msgspec.json.encode(grant))


def _unseal(session_id: str, sealed: bytes) -> Grant:
    return msgspec.json.decode(_box(session_id).decrypt(sealed), type=Grant)
