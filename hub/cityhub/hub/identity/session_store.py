"""Where browser sessions rest: rows that are of no use to whoever copies them.

Of a session's id only its SHA-256 is kept, and tokens are sealed with a key made from the id, which the browser has.
All web processes of an installation share them in PostgreSQL; on one machine they lie in a file of their own.
"""

from __future__ import annotations

import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import structlog
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from cityhub.hub.errors import StorageUnusable
from cityhub.hub.identity.errors import SessionsUnavailable
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database, reading
from cityhub.kpi.store.shared_tables import session as table
from cityhub.sdk.principal import Principal

_row = table.c
_KEPT = (_row.sealed, _row.opened_at, _row.seen_at)
_log = structlog.get_logger()


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
    """Sessions by id. Every call is one indexed statement in a transaction of its own, from any thread.

    A database server is looked for at the first call, and again while it is away.

    Args:
        where: URL of the store's PostgreSQL database, or an SQLite file of their own.

    Raises:
        StorageUnusable: the file cannot be opened as a database.
        SessionsUnavailable: from every method: the database cannot be used now.
    """

    def __init__(self, where: str | Path) -> None:
        self._where = where
        self._opening = threading.Lock()
        self._opened: Database | None = None
        if isinstance(where, Path):
            try:
                where.touch(mode=0o600)
                where.chmod(0o600)
                self._database()
            except (StoreUnavailable, OSError) as error:
                raise StorageUnusable(
                    f"{where} cannot be used for sessions ({error}): repair it, or delete it to log everyone out"
                ) from error

    def close(self) -> None:
        """Give the connections back."""
        if self._opened is not None:
            self._opened.close()

    def put(self, session_id: str, session: Session) -> None:
        """Keep a new session."""
        grant = session.grant
        row = {
            "id_hash": _digest(session_id),
            "sid": grant.sid,
            "subject": grant.principal.subject,
            "opened_at": session.opened_at,
            "seen_at": session.seen_at,
            "sealed": _seal(session_id, grant),
        }
        with self._changing() as connection:
            connection.execute(insert(table).values(row))

    def get(self, session_id: str) -> Session | None:
        """The session, or None where it never was, has ended or was sealed by another version of the hub."""
        with self._reading() as connection:
            found = connection.execute(select(*_KEPT).where(_is(session_id))).one_or_none()
        return self._unsealed(session_id, found)

    def claim(self, session_id: str, at: float, before: float) -> Session | None:
        """Take the right to renew a session, and read it.

        Args:
            at: seconds since the epoch; names the claim. before: one that is older has been left by whoever had it.

        Returns:
            None where another process has the claim, or the session has ended.
        """
        free = update(table).where(_is(session_id), _row.claimed_at <= before).values(claimed_at=at)
        with self._changing() as connection:
            found = connection.execute(free.returning(*_KEPT)).one_or_none()
        return self._unsealed(session_id, found)

    def renew(self, session_id: str, grant: Grant, claim: float) -> None:
        """Replace what Keycloak granted and give the claim back, unless the session has ended meanwhile."""
        self._settle(session_id, claim, sealed=_seal(session_id, grant))

    def release(self, session_id: str, claim: float) -> None:
        """Give a claim back."""
        self._settle(session_id, claim)

    def end_claimed(self, session_id: str, claim: float) -> bool:
        """End a session that is not renewed any more; False = another process has claimed, or ended, it meanwhile."""
        return self._deleted(_is(session_id), _row.claimed_at == claim) == 1

    def touch(self, session_id: str, now: float) -> None:
        """Note that the session was used. On a full disk it only ends earlier."""
        try:
            with self._changing() as connection:
                connection.execute(update(table).where(_is(session_id)).values(seen_at=now))
        except SessionsUnavailable as error:
            _log.warning("session_not_noted", reason=str(error))

    def remove(self, session_id: str) -> None:
        """End one session; an unknown one is no error."""
        self._deleted(_is(session_id))

    def remove_all(self, *, sid: str, subject: str) -> int:
        """End the sessions of that log-in, or where `sid` is empty of that person; returns how many."""
        return self._deleted(_row.sid == sid if sid else _row.subject == subject)

    def sweep(self, *, opened_before: float, seen_before: float) -> int:
        """Forget the sessions that have run out; returns how many."""
        return self._deleted(or_(_row.opened_at < opened_before, _row.seen_at < seen_before))

    def _settle(self, session_id: str, claim: float, **values: Any) -> None:
        ours = update(table).where(_is(session_id), _row.claimed_at == claim)
        with self._changing() as connection:
            connection.execute(ours.values(claimed_at=0, **values))

    def _deleted(self, *which: ColumnElement[bool]) -> int:
        with self._changing() as connection:
            return connection.execute(delete(table).where(*which)).rowcount

    def _unsealed(self, session_id: str, found: Any) -> Session | None:
        if found is None:
            return None
        try:
            return Session(_unseal(session_id, bytes(found.sealed)), found.opened_at, found.seen_at)
        except (InvalidToken, msgspec.MsgspecError):
            self.remove(session_id)
            return None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _translated(), self._database().snapshot() as connection:
            yield connection

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with _translated(), self._database().begin() as connection:
            yield connection

    def _database(self) -> Database:
        """Opened by whoever is first: nobody waits for another one's time-out."""
        if self._opened is None:
            database = Database(self._where, alone=table)
            with self._opening:
                if self._opened is None:
                    self._opened = database
                else:
                    database.close()
        return self._opened


def count_sessions(where: str | Path) -> int:
    """How many log-ins are open in the whole installation, from any thread; 0 before the file is made.

    Raises:
        StoreUnavailable: they cannot be read.
    """
    if isinstance(where, Path) and not where.exists():
        return 0
    with reading(where) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise SessionsUnavailable(f"the database of log-ins cannot be used now: {error}") from error


def _is(session_id: str) -> ColumnElement[bool]:
    return _row.id_hash == _digest(session_id)


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()


def _box(session_id: str) -> Fernet:
    """The prefix keeps the key apart from the id's digest, which is stored."""
    return Fernet(urlsafe_b64encode(sha256(b"cityhub session tokens\0" + session_id.encode()).digest()))


def _seal(session_id: str, grant: Grant) -> bytes:
    return _box(session_id).encrypt(msgspec.json.encode(grant))


def _unseal(session_id: str, sealed: bytes) -> Grant:
    return msgspec.json.decode(_box(session_id).decrypt(sealed), type=Grant)
