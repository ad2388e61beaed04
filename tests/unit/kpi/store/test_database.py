"""The store behaves alike on SQLite and PostgreSQL: transactions, snapshots, trouble in words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from cityhub.bus import metrics
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import database, schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import upsert
from tests.integration.postgres import Postgres


def put(connection: Connection, key: str, value: str = "") -> None:
    connection.execute(insert(schema.meta).values(key=key, value=value))


def keys(connection: Connection) -> set[str]:
    return set(connection.scalars(select(schema.meta.c.key).where(schema.meta.c.key != "incarnation")))


def test_an_error_takes_everything_back(database: Database) -> None:
    def broken() -> None:
        with database.begin() as connection:
            put(connection, "a")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        broken()
    with database.begin() as connection:
        put(connection, "b")
    with database.snapshot() as connection:
        assert keys(connection) == {"b"}


def test_an_errors_text_does_not_hold_what_was_to_be_written(database: Database) -> None:
    """It goes into the log, and what is written may be an event's."""

    def twice() -> None:
        with database.begin() as connection:
            connection.execute(insert(schema.meta), [{"key": "a", "value": "Erika Mustermann"}] * 2)

    failed = _transactions("failed")
    with pytest.raises(IntegrityError) as caught:
        twice()
    assert "Erika" not in str(caught.value)
    assert _transactions("failed") == failed + 1


def _transactions(outcome: str) -> float:
    name = "cityhub_store_transaction_seconds_count"
    return metrics.REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0.0


def test_a_snapshot_sees_one_state_and_does_not_hold_writers_up(database: Database) -> None:
    with database.snapshot() as reading:
        assert keys(reading) == set()
        with database.begin() as connection:
            put(connection, "new")
        assert keys(reading) == set()
    with database.snapshot() as reading:
        assert keys(reading) == {"new"}


def test_a_snapshot_cannot_write_and_leaves_no_trace_in_its_connection(database: Database) -> None:
    with pytest.raises((StoreUnavailable, DBAPIError), match=r"(?i)read.?only"), database.snapshot() as connection:
        put(connection, "a")
    with database.begin() as connection:
        put(connection, "b")
    with database.snapshot() as connection:
        assert keys(connection) == {"b"}


def test_a_reader_cannot_write(database: Database, store_url: str) -> None:
    reader = Database(store_url, read_only=True)
    with pytest.raises((StoreUnavailable, DBAPIError), match=r"(?i)read.?only"), reader.begin() as connection:
        put(connection, "a")
    assert reader.has_tables()
    reader.close()


def test_a_wrong_statement_is_no_trouble_of_the_store(database: Database) -> None:
    """It would be retried for ever."""
    with database.begin() as connection:
        put(connection, "a")
    with pytest.raises(IntegrityError), database.begin() as connection:
        put(connection, "a")


def test_writers_take_turns(database: Database) -> None:
    """Read and write in one transaction: no increment is lost."""
    with database.begin() as connection:
        put(connection, "sum", "0")
    mine = schema.meta.c.key == "sum"

    def add(_: int) -> None:
        with database.begin() as connection:
            value = int(connection.scalars(select(schema.meta.c.value).where(mine).with_for_update()).one())
            connection.execute(update(schema.meta).where(mine).values(value=str(value + 1)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))
    with database.snapshot() as connection:
        assert connection.scalar(select(schema.meta.c.value).where(mine)) == "40"


def test_numbers_and_bytes_come_back_as_they_went(database: Database) -> None:
    largest, smallest, data = (1 << 63) - 1, -(1 << 63), bytes(range(256))
    with database.begin() as connection:
        sums = dict.fromkeys(schema.SUMS, smallest)
        connection.execute(insert(schema.bucket).values(family=7, start=smallest, series=largest, writer=1, **sums))
        row = {"plan": "M01/1/0", "key": data[:16], "state": data, "version": 0}
        connection.execute(insert(schema.cell).values(row))
        put(connection, "Straße", "Hülsermann")
    with database.snapshot() as connection:
        assert list(connection.execute(select(schema.bucket)).one()) == [
            *(7, smallest, largest, 1),
            *([smallest] * len(schema.SUMS)),
        ]
        found = connection.execute(select(schema.cell)).one()
        assert (found.key, found.state) == (data[:16], data)
        assert connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "Straße")) == "Hülsermann"


def test_the_database_numbers_the_writers(database: Database) -> None:
    counts = ("part", "off", "appended_ms", "complete_ms", "records", "duplicates", "rejected", "synthetic")
    row = {"job": "kpi", "topic_id": "", "hash": b"", "newest_event_s": 0, **dict.fromkeys(counts, 0)}
    with database.begin() as connection:
        for topic in ("a", "b", "a"):
            new = upsert(connection, schema.cursor).values(topic=topic, **row)
            connection.execute(new.on_conflict_do_nothing(index_elements=["job", "topic", "part"]))
    with database.snapshot() as connection:
        found = connection.execute(select(schema.cursor.c.topic, schema.cursor.c.id)).all()
    assert sorted(topic for topic, _ in found) == ["a", "b"]
    assert len({number for _, number in found}) == 2


def test_the_address_hides_the_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"postgresql://hub:\*\*\*@127\.0\.0\.1:1/hub") as refused:
        Database("postgresql://hub:geheim@127.0.0.1:1/hub")
    assert "geheim" not in str(refused.value)


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    database = Database(tmp_path / "hub.db")
    with database.begin() as connection:
        connection.exec_driver_sql("pragma max_page_count=60")
    with pytest.raises(StoreUnavailable, match=r"hub\.db.*full; make room on the disk"), database.begin() as connection:
        put(connection, "a", "x" * 1_000_000)
    with database.snapshot() as connection:
        assert keys(connection) == set()
    database.close()


def test_a_writer_that_takes_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    one, two = Database(tmp_path / "hub.db"), Database(tmp_path / "hub.db")
    with one.begin() as held:
        put(held, "a")
        with pytest.raises(StoreUnavailable, match="another process is writing for too long"), two.begin():
            pass
    with two.begin() as connection:
        put(connection, "b")
        assert keys(connection) == {"a", "b"}
    one.close()
    two.close()


def test_a_deadlock_is_trouble_that_passes(postgres: Postgres) -> None:
    database = Database(postgres.create())
    with database.begin() as connection:
        put(connection, "a")
        put(connection, "b")
    both = Barrier(2)

    def lock(first: str, second: str) -> str:
        try:
            with database.begin() as connection:
                connection.execute(update(schema.meta).where(schema.meta.c.key == first).values(value=first))
                both.wait(60)
                connection.execute(update(schema.meta).where(schema.meta.c.key == second).values(value=first))
        except StoreUnavailable as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lock, "ab", "ba"), key=len)
    assert said[0] == "done"
    assert "DeadlockDetected" in said[1]
    database.close()


def test_a_process_that_stands_still_is_thrown_out(postgres: Postgres) -> None:
    database = Database(postgres.create())
    alive = text("select count(*) from pg_stat_activity where pid = :me")

    def stand_still() -> None:
        with database.begin() as connection:
            assert connection.scalar(text("show idle_in_transaction_session_timeout")) == "3s"
            assert connection.scalar(text("show lock_timeout")) == "10s"
            connection.execute(text("set idle_in_transaction_session_timeout = '20ms'"))
            put(connection, "a")
            me = {"me": connection.scalar(text("select pg_backend_pid()"))}
            with database.begin() as watching:
                while watching.scalar(alive, me):
                    watching.execute(text("select pg_stat_clear_snapshot(), pg_sleep(0.01)"))
            connection.execute(select(schema.meta)).all()

    with pytest.raises(StoreUnavailable, match="stood still"):
        stand_still()
    with database.snapshot() as connection:
        assert keys(connection) == set()
    database.close()


def test_a_crashed_server_is_trouble_that_passes_and_loses_nothing(postgres: Postgres) -> None:
    database = Database(postgres.create())
    with database.begin() as connection:
        put(connection, "committed")

    def crash() -> None:
        with database.begin() as connection:
            put(connection, "half")
            postgres.kill9()
            put(connection, "never")

    with pytest.raises(StoreUnavailable):
        crash()
    with pytest.raises(StoreUnavailable), database.snapshot() as connection:
        keys(connection)
    postgres.restart()
    with database.snapshot() as connection:
        assert keys(connection) == {"committed"}
    database.close()
