"""Making, upgrading and refusing stores, on both databases."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, inspect, select, text, update

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import ledger_tables, migrations, plan_tables, schema, shared_tables
from cityhub.kpi.store.database import Database
from tests.integration.postgres import Postgres

assert (
    ledger_tables.metadata is plan_tables.metadata is shared_tables.metadata is schema.metadata
)  # they tell it of their tables
NEXT = f'''
"""One more table."""
import sqlalchemy as sa
from alembic import op
revision = "0900"
down_revision = "{schema.REVISION}"
def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
'''
OPEN = """
import sys
from cityhub.kpi.store.database import Database
sys.stdin.readline()
Database(sys.argv[1]).close()
print("alembic" in sys.modules)
"""


def incarnation(database: Database) -> str:
    with database.snapshot() as connection:
        row = schema.meta.c
        return str(connection.scalars(select(row.value).where(row.key == "incarnation")).one())


def test_the_scripts_make_what_the_code_expects(database: Database) -> None:
    with database.snapshot() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata) == []


def test_on_sqlite_to_the_letter(tmp_path: Path) -> None:
    """The comparison above sees neither `without rowid` nor partial indexes."""
    migrated = Database(tmp_path / "migrated.db")
    migrated.close()
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    schema.metadata.create_all(made)
    made.dispose()
    assert statements(tmp_path / "migrated.db") == statements(tmp_path / "made.db")


def statements(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("select name, sql from sqlite_master where sql is not null and name <> 'alembic_version'")
    found = {name: " ".join(sql.split()) for name, sql in rows}
    connection.close()
    return found


def test_partial_indexes_on_postgresql(postgres: Postgres) -> None:
    database = Database(postgres.create())
    with database.snapshot() as connection:
        found = dict(
            connection.execute(text("select indexname, indexdef from pg_indexes where indexdef like '%WHERE%'")).all()  # type: ignore[arg-type]
        )
    database.close()
    assert found["value_unpublished"].endswith("(kpi) WHERE (published < revision)")
    assert found["verdict_waiting"].endswith("WHERE (payload IS NOT NULL)")


def test_the_code_expects_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_opening_again_keeps_everything_and_does_not_load_alembic(database: Database, store_url: str) -> None:
    before = incarnation(database)
    asked = subprocess.run(
        [sys.executable, "-c", OPEN, store_url], input="\n", capture_output=True, text=True, check=True
    )
    assert asked.stdout == "False\n"
    assert incarnation(database) == before


def test_many_processes_may_open_a_new_store_at_once(store_url: str) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, store_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    database = Database(store_url, read_only=True)
    assert len(incarnation(database)) == 32
    database.close()


def test_a_reader_waits_for_the_writer_to_make_the_tables(postgres: Postgres) -> None:
    reader = Database(url := postgres.create(), read_only=True)
    assert not reader.has_tables()
    Database(url).close()
    assert reader.has_tables()
    reader.close()


def test_an_older_store_is_upgraded_in_place(
    database: Database, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = incarnation(database)
    folder = tmp_path / "100%"
    shutil.copytree(migrations.FOLDER, folder)
    (folder / "versions" / "v0900_later.py").write_text(NEXT)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(schema, "REVISION", "0900")
    assert not database.has_tables()
    upgraded = Database(store_url)
    assert upgraded.has_tables()
    assert incarnation(upgraded) == before
    with upgraded.snapshot() as connection:
        assert inspect(connection).has_table("later")
    upgraded.close()


def test_an_upgrade_may_stand_still_for_longer_than_a_worker(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scripts are loaded inside its transaction; the server throws out whom it takes for dead."""
    Database(url := postgres.create()).close()
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder)
    slow = f"{NEXT}    import time; time.sleep(3.5)\n    op.execute('select 1')\n"
    (folder / "versions" / "v0900_later.py").write_text(slow)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(schema, "REVISION", "0900")
    upgraded = Database(url)
    assert upgraded.has_tables()
    upgraded.close()


def test_an_upgrade_that_fails_changes_nothing(
    database: Database, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schema.REVISION
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder)
    (folder / "versions" / "v0900_later.py").write_text(f"{NEXT}    raise OSError('power cut')\n")
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(schema, "REVISION", "0900")
    with pytest.raises(OSError, match="power cut"):
        Database(store_url)
    with database.snapshot() as connection:
        assert not inspect(connection).has_table("later")
        assert connection.scalar(text("select version_num from alembic_version")) == before


def test_a_newer_store_is_refused(database: Database, store_url: str) -> None:
    with database.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0999'"))
    with pytest.raises(StoreUnavailable, match=rf"has schema 0999.*knows {schema.REVISION} at most.*newer version"):
        Database(store_url)
    reader = Database(store_url, read_only=True)
    with pytest.raises(StoreUnavailable, match="newer version"):
        reader.has_tables()
    reader.close()


def test_a_foreign_database_is_refused_and_left_alone(store_url: str) -> None:
    driver = store_url.replace("postgresql:", "postgresql+psycopg:") if "://" in store_url else f"sqlite:///{store_url}"
    engine = create_engine(driver)
    with engine.begin() as connection:
        connection.execute(text("create table guests (name text)"))
    with pytest.raises(StoreUnavailable, match="not a store of the hub: it holds the tables guests"):
        Database(store_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["guests"]
    engine.dispose()


def test_a_store_of_the_walk_through_is_refused(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    with engine.begin() as connection:
        for name in ("meta", "cursor", "seen", "bucket", "dirty", "verdict", "value", "lease"):
            connection.execute(text(f"create table {name} (key text, value text)"))
        connection.execute(insert(schema.meta).values(key="schema", value="1"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match=r"hub\.db was made by the walk-through version .*move it away"):
        Database(tmp_path / "hub.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"Lieber Herr Meier, " * 1_000)
    with pytest.raises(StoreUnavailable, match=r"hub\.db.*no database; move it away"):
        Database(tmp_path / "hub.db")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    made = Database(tmp_path / "hub.db")
    with made.begin() as connection:
        connection.execute(update(schema.meta).values(value="x" * 20_000))
    with made.begin() as connection:
        connection.execute(update(schema.meta).values(value="y" * 20_000))
    made.close()
    data = bytearray((tmp_path / "hub.db").read_bytes())
    data[4096:] = b"\xff" * len(data[4096:])
    (tmp_path / "hub.db").write_bytes(data)
    with pytest.raises(StoreUnavailable, match=r"hub\.db.*damaged; move it away"):
        Database(tmp_path / "hub.db")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere.*its folder must exist"):
        Database(tmp_path / "nowhere" / "hub.db")
