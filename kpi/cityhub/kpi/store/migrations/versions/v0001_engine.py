"""The store of the exact engine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0001"
down_revision = None

_DIGEST_LIMBS, _SLOTS = 4, 8
_SUMS = ("n", "synthetic_n", *(f"d{i}" for i in range(_DIGEST_LIMBS)), *(f"v{i}" for i in range(_SLOTS)))


def upgrade() -> None:
    """Make every table."""
    op.create_table("meta", Column("key", Text, primary_key=True), Column("value", Text, nullable=False))
    _input()
    _sums()
    _cells()
    _refused()
    _values()
    op.create_table(
        "lease",
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        _count("epoch"),
        _count("beat", "grows while the holder lives"),
        _count("seen_ms", "the holder's wall clock at its last beat, for people; decides nothing"),
    )


def _input() -> None:
    op.create_table(
        "cursor",
        Column("id", Integer, primary_key=True, comment="the writer, as buckets name it; given by the database"),
        Column("job", Text, nullable=False),
        Column("topic", Text, nullable=False),
        _count("part"),
        Column("topic_id", Text, nullable=False, comment="Kafka's id of the topic; '' = not known yet"),
        _count("off", "last record whose effects are in the store, -1 = none"),
        Column("hash", LargeBinary, nullable=False, comment="BLAKE2b-128 of that record's bytes"),
        _count("appended_ms", "running maximum of the records' append time"),
        _count("complete_ms", "everything appended before this is in the store"),
        *(_count(name) for name in ("records", "duplicates", "rejected", "synthetic", "newest_event_s")),
        sa.UniqueConstraint("job", "topic", "part", name="cursor_of"),
    )
    op.create_table(
        "seen",
        Column("job", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        _key("part"),
        _key("first_off", "first record of the run"),
        _count("last_off"),
        _count("newest_ms", "running maximum of the append time at the run's end"),
        _count("n", "ids in the run"),
        Column(
            "ids", LargeBinary, nullable=False, comment="n keys of 16 bytes: XXH3-128 of organisation/source and id"
        ),
        Column("more", LargeBinary, nullable=False, comment="n contents of 8 bytes, n offsets of 4 after first_off"),
    )


def _sums() -> None:
    op.create_table(
        "series",
        Column(
            "id",
            BigInteger().with_variant(Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
            comment="low 63 bits of XXH3-64 of the canonical text",
        ),
        Column("kpi", Text, nullable=False),
        _count("version"),
        Column("layer", Text, nullable=False, comment="'' = base grain, else the kind of window kept by itself"),
        Column("scope", Text, nullable=False),
        Column("dims", Text, nullable=False, comment="canonical JSON"),
        sa.UniqueConstraint("kpi", "version", "layer", "scope", "dims", name="series_of"),
    )
    op.create_table(
        "bucket",
        _key("series"),
        _key("start", "epoch seconds"),
        _key("writer", "cursor that wrote the row; readers add the rows"),
        *_added(),
        sqlite_with_rowid=False,
    )
    keys = (_key(name) for name in ("series", "start", "histogram", "bin", "writer"))
    op.create_table("bin", *keys, _count("n"), sqlite_with_rowid=False)
    _marks()


def _marks() -> None:
    fields = "int64: series, start, first_ms, last_ms of each bucket"
    places = Column("places", LargeBinary, nullable=False, comment=fields)
    batch = (_key("writer", "cursor whose batch it was"), _key("off", "last record of the batch"))
    op.create_table("touched", *batch, places)
    op.create_table(
        "dirty",
        _key("series"),
        _key("start"),
        _key("writer"),
        _count("stamp", "offset of the batch that changed the bucket last"),
        _count("first_ms", "the partition's clock at the first change that the mark stands for"),
        _count("last_ms", "and at the last"),
        sqlite_with_rowid=False,
    )
    at_min = _key("at_min", "epoch minutes: the bucket over all writers as it was known then")
    bins = Column("bins", LargeBinary)
    op.create_table("history", _key("series"), _key("start"), at_min, *_added(), bins, sqlite_with_rowid=False)
    start = _key("start", "of the local day")
    op.create_table("rollup", _key("series"), start, *_added(), sqlite_with_rowid=False)


def _cells() -> None:
    op.create_table(
        "cell",
        Column("plan", Text, primary_key=True, comment="<kpi>/<version>/<cell index>"),
        Column("key", LargeBinary, primary_key=True, comment="16-byte hash of the entity"),
        Column("state", LargeBinary, nullable=False),
        _count("version", "compare-and-set: grows with every change"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reference",
        Column("name", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        _count("valid_from", "epoch seconds"),
        _count("recorded_ms"),
        _count("value"),
        Column("scope", Text, nullable=False),
    )


def _refused() -> None:
    op.create_table(
        "verdict",
        Column("topic", Text, primary_key=True),
        _key("part"),
        _key("off"),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("event_id", Text, nullable=False),
        _count("appended_ms"),
        Column("payload", LargeBinary, comment="original bytes until they are in the dead-letter topic"),
    )
    waiting = sa.text("payload is not null")
    op.create_index("verdict_waiting", "verdict", ["off"], sqlite_where=waiting, postgresql_where=waiting)


def _values() -> None:
    op.create_table(
        "value",
        Column("kpi", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        _key("anchor", "start of the window's last step"),
        Column("scope", Text, primary_key=True),
        Column("dims", Text, primary_key=True),
        _count("version"),
        _count("start"),
        _count("end"),
        Column("label", Text, nullable=False),
        _count("revision"),
        _count("published", "newest revision the topic has acknowledged"),
        Column("payload", LargeBinary, nullable=False, comment="the KpiValue as JSON, exactly as published"),
        sqlite_with_rowid=False,
    )
    op.create_index("value_settling", "value", ["kpi", "label", "end"])
    unpublished = sa.text("published < revision")
    op.create_index("value_unpublished", "value", ["kpi"], sqlite_where=unpublished, postgresql_where=unpublished)


def _key(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


def _count(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)


def _added() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, server_default=sa.text("0")) for name in _SUMS]
