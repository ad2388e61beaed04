"""Bringing a store to the newest schema. Finding it there costs two queries; Alembic is loaded only to change it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Connection, column, insert, inspect, select, table, text

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import schema

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
LOCK = 0x63697479687562
"""PostgreSQL's advisory lock under which a store is made or changed."""
_version = table("alembic_version", column("version_num"))
_REMEDY = "move it away and start again: the numbers are computed again from the log"


class State(Enum):
    """Of a store that this version of the hub can use."""

    EMPTY = "no tables yet"
    OLDER = "a writer will upgrade it"
    READY = "at this version's schema"


def state(connection: Connection, address: str) -> State:
    """What a database holds.

    Raises:
        StoreUnavailable: something that this version of the hub must not touch.
    """
    tables = inspect(connection)
    if tables.has_table(_version.name):
        found = connection.scalar(select(_version.c.version_num))
        if found == schema.REVISION:
            return State.READY
        if _known(found):
            return State.OLDER
        raise StoreUnavailable(
            f"{address} has schema {found}, this version of the hub knows {schema.REVISION} at most: "
            "a newer version made it; start that one, or give this one a store of its own"
        )
    names = set(tables.get_table_names())
    if not names:
        return State.EMPTY
    if {schema.meta.name, schema.cursor.name, schema.bucket.name} <= names:
        raise StoreUnavailable(f"{address} was made by the walk-through version of the hub (schema 1); {_REMEDY}")
    raise StoreUnavailable(
        f"{address} is not a store of the hub: it holds the tables {', '.join(sorted(names)[:5])}; "
        "give the hub a database of its own"
    )


def bring_up_to_date(connection: Connection, address: str) -> None:
    """Make or upgrade the tables inside the caller's transaction; does nothing where they are.

    Only one process at a time gets here: SQLite's write transaction sees to it, on PostgreSQL an advisory lock.

    Raises:
        StoreUnavailable: see `state`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("set local statement_timeout = 0"))
        # between two statements a script is loaded, which takes a busy machine longer than any pause of a worker
        connection.execute(text("set local idle_in_transaction_session_timeout = '60s'"))
        connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
    before = state(connection, address)
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if before is State.EMPTY:
        connection.execute(insert(schema.meta).values(key="incarnation", value=uuid4().hex))


def _known(revision: str | None) -> bool:
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
