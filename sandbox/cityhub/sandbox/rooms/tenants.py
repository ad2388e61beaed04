"""Which tenants there are: name, organisation, when they end, and which web pages may ask. One SQLite file."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cityhub.sandbox.errors import SpecRefused, TooMuch, UnknownTenant
from cityhub.sandbox.rooms.keys import KeyLife
from cityhub.sdk.text import Text

MOST_OF_ONE = 5
LONGEST_DAYS = 90
_MOST_ORIGINS = 5
_NAME = re.compile(r"[a-z][a-z0-9-]{1,29}[a-z0-9]")
_TABLE = "create table if not exists tenant(name text primary key, organisation text not null, body blob not null)"
_ROOMS = "rooms"


class Tenant(Struct, frozen=True, kw_only=True):
    """Who has a room.

    Attributes:
        name: part of topics and addresses. organisation: whose it is; of a token that asks, never of a request.
        expires: then it is deleted. origins: web pages that browsers may ask from (CORS).
        key: of its programs; None where none of its own is recorded.
        kafka: it has topics of its own. emptied: how often they had to be made anew.
    """

    name: str
    organisation: str
    created: datetime
    expires: datetime
    origins: tuple[str, ...] = ()
    key: KeyLife | None = None
    kafka: bool = False
    emptied: int = 0


class Tenants:
    """All tenants of the hub.

    Args:
        folder: of the sandbox; made where missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._db = sqlite3.connect(folder / "tenants.db", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma secure_delete=on")
        self._db.execute(_TABLE)

    def create(self, name: str, organisation: str, days: int, now: datetime) -> Tenant:
        """Make one; one that the organisation has already stays, and ends later where `days` says so.

        Raises:
            SpecRefused: no such name or life. TooMuch: it has enough.
        """
        if not _NAME.fullmatch(name):
            raise SpecRefused(
                Text(
                    f"„{name[:40]}“ geht nicht als Name; bitte 3 bis 31 kleine Buchstaben, Ziffern und -, "
                    "zuerst ein Buchstabe.",
                    f"name: {name[:40]!r} is none; write 3 to 31 small letters, digits and -, a letter first",
                )
            )
        if not 1 <= days <= LONGEST_DAYS:
            german = f"Ein Mandant gilt 1 bis {LONGEST_DAYS} Tage, nicht {days}."
            raise SpecRefused(Text(german, f"days: {days} is not between 1 and {LONGEST_DAYS}"))
        expires = now + timedelta(days=days)
        known = self.find(name)
        if known is not None:
            if known.organisation != organisation:
                german = f"Den Namen „{name}“ gibt es schon; bitte einen anderen wählen."
                raise SpecRefused(Text(german, f"name: {name!r} is taken; choose another"))
            return self._put(msgspec.structs.replace(known, expires=max(known.expires, expires)))
        if len(self.of(organisation)) >= MOST_OF_ONE:
            raise TooMuch(
                Text(
                    f"{organisation} hat {MOST_OF_ONE} Mandanten, mehr gehen nicht; bitte erst einen löschen.",
                    f"{organisation} has {MOST_OF_ONE} tenants, which are the most; delete one first",
                )
            )
        return self._put(Tenant(name=name, organisation=organisation, created=now, expires=expires))

    def of(self, organisation: str | None = None) -> list[Tenant]:
        """Those of an organisation, None = all, by name."""
        rows = self._db.execute(
            "select body from tenant where organisation = coalesce(?, organisation) order by name", (organisation,)
        )
        return [msgspec.json.decode(body, type=Tenant) for (body,) in rows]

    def one(self, name: str, organisation: str | None) -> Tenant:
        """A tenant of an organisation, None = of any.

        Raises:
            UnknownTenant: it has none of that name; whether another one has is not said.
        """
        found = self.find(name)
        if found is None or organisation not in {None, found.organisation}:
            raise UnknownTenant(f"no tenant {name[:40]!r}; GET /v1/sandbox/tenants lists yours")
        return found

    def allow(self, tenant: Tenant, origins: Sequence[str]) -> Tenant:
        """Let pages of these origins ask, and of no others.

        Raises:
            SpecRefused: one is no origin. TooMuch: too many.
        """
        if len(origins) > _MOST_ORIGINS:
            raise TooMuch(
                Text(
                    f"{len(origins)} Webseiten sind zu viele; höchstens {_MOST_ORIGINS} dürfen fragen.",
                    f"{len(origins)} origins; at most {_MOST_ORIGINS} are allowed",
                )
            )
        for number, origin in enumerate(origins):
            if not _is_origin(origin):
                text = "is no origin; write https://host or http://localhost:port, without a path"
                german = "geht nicht; bitte ohne Pfad schreiben: https://host oder http://localhost:port"
                raise SpecRefused(Text(f"„{origin[:80]}“ {german}.", f"origins[{number}]: {origin[:80]!r} {text}"))
        return self._put(msgspec.structs.replace(tenant, origins=tuple(origins)))

    def keep_key(self, tenant: Tenant, key: KeyLife) -> Tenant:
        """Remember how long its key lives, or that it is used."""
        return self._put(msgspec.structs.replace(tenant, key=key))

    def open_kafka(self, tenant: Tenant, *, wanted: bool) -> Tenant:
        """Let it have topics of its own, or no longer: then the next ones are others."""
        emptied = tenant.emptied + (tenant.kafka and not wanted)
        return self._put(msgspec.structs.replace(tenant, kafka=wanted, emptied=emptied))

    def empty(self, name: str) -> None:
        """Its topics hold what its room has forgotten."""
        if (tenant := self.find(name)) is not None:
            self._put(msgspec.structs.replace(tenant, emptied=tenant.emptied + 1))

    def end(self, tenant: Tenant, now: datetime) -> Tenant:
        """From now on it is to be deleted, whatever happens meanwhile."""
        return self._put(msgspec.structs.replace(tenant, expires=min(tenant.expires, now), kafka=False))

    def delete(self, tenant: Tenant) -> None:
        """Forget a tenant; its room must be closed."""
        shutil.rmtree(self.room(tenant.name), ignore_errors=True)
        self._db.execute("delete from tenant where name = ?", (tenant.name,))

    def room(self, name: str) -> Path:
        """Folder of a tenant that exists."""
        return self._folder / _ROOMS / name

    def expired(self, now: datetime) -> list[Tenant]:
        """Those whose time is over."""
        return [one for one in self.of() if one.expires <= now]

    def close(self) -> None:
        self._db.close()

    def find(self, name: str) -> Tenant | None:
        """A tenant of any organisation; None = there is none of that name."""
        found = self._db.execute("select body from tenant where name = ?", (name,)).fetchone()
        return None if found is None else msgspec.json.decode(found[0], type=Tenant)

    def _put(self, tenant: Tenant) -> Tenant:
        self._db.execute(
            "insert into tenant values (?, ?, ?) on conflict(name) do update set body = excluded.body",
            (tenant.name, tenant.organisation, msgspec.json.encode(tenant)),
        )
        return tenant


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    return (
        (parts.scheme == "https" or local)
        and bool(parts.hostname)
        and text == f"{parts.scheme}://{parts.netloc}"
        and "@" not in text
    )
