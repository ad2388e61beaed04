"""Tables of the KPI store, on SQLite and PostgreSQL. Numbers are integers; a bucket is a sum: rows merge by adding.

A change here needs a script in `migrations/versions` and a new `REVISION`; tests compare the two on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from cityhub.kpi.kernel.bucket import MAX_SLOTS

REVISION = "0010"
"""The newest migration: what a store must be at to be used."""
LIMBS = 4
"""The 128-bit digest is kept as four 32-bit limbs, so that SQL can add it without overflow."""
SUMS = ("n", "synthetic_n", *(f"d{index}" for index in range(LIMBS)), *(f"v{index}" for index in range(MAX_SLOTS)))
"""The columns of a bucket that are added: events, synthetic ones among them, digest limbs, slots."""
_FAMILY = "KPI, version and layer: what is written and read together stands together"
_REASON = "what the change is called after the deadline: 0 late, 1 correction, 2 retraction"

metadata = MetaData()


def _key(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


def _count(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)


def _sums() -> Iterator[Column[int]]:
    for name in SUMS:
        yield Column(name, BigInteger, nullable=False, server_default=text("0"))


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

cursor = Table(
    "cursor",
    metadata,
    Column("id", Integer, primary_key=True, comment="the writer, as buckets name it; given by the database"),
    Column("job", Text, nullable=False),
    Column("topic", Text, nullable=False),
    _count("part"),
    Column("topic_id", Text, nullable=False, comment="Kafka's id of the topic; '' = not known yet"),
    _count("off", "last record whose effects are in the store, -1 = none"),
    Column("hash", LargeBinary, nullable=False, comment="BLAKE2b-128 of that record's bytes"),
    _count("appended_ms", "running maximum of the records' append time"),
    _count("complete_ms", "everything appended before this is in the store"),
    _count("records"),
    _count("duplicates"),
    _count("rejected"),
    _count("synthetic"),
    _count("newest_event_s"),
    Column(
        "generation",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="grows when other versions are counted: part of the compare-and-set",
    ),
    UniqueConstraint("job", "topic", "part", name="cursor_of"),
)

seen = Table(
    "seen",
    metadata,
    Column("job", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    _key("part"),
    _key("first_off", "first record of the run"),
    _count("last_off"),
    _count("newest_ms", "running maximum of the append time at the run's end"),
    _count("n", "ids in the run"),
    Column("ids", LargeBinary, nullable=False, comment="n keys of 16 bytes: XXH3-128 of organisation/source and id"),
    Column("more", LargeBinary, nullable=False, comment="n contents of 8 bytes, n offsets of 4 after first_off"),
)

series = Table(
    "series",
    metadata,
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
    UniqueConstraint("kpi", "version", "layer", "scope", "dims", name="series_of"),
)

bucket = Table(
    "bucket",
    metadata,
    _key("family", _FAMILY),
    _key("start", "epoch seconds"),
    _key("series"),
    _key("writer", "cursor that wrote the row; readers add the rows"),
    *_sums(),
    sqlite_with_rowid=False,
)

bin_ = Table(
    "bin",
    metadata,
    _key("family", _FAMILY),
    _key("start"),
    _key("series"),
    _key("histogram"),
    _key("bin"),
    _key("writer"),
    _count("n"),
    sqlite_with_rowid=False,
)

cell = Table(
    "cell",
    metadata,
    Column("plan", Text, primary_key=True, comment="<kpi>/<version>/<cell index>"),
    Column("key", LargeBinary, primary_key=True, comment="16-byte hash of the entity"),
    Column("state", LargeBinary, nullable=False),
    _count("version", "compare-and-set: grows with every change"),
    sqlite_with_rowid=False,
)

touched = Table(
    "touched",
    metadata,
    _key("writer", "cursor whose batch it was"),
    _key("off", "last record of the batch"),
    _key("reason", _REASON),
    Column("places", LargeBinary, nullable=False, comment="int64: series, start, first_ms, last_ms of each bucket"),
)

dirty = Table(
    "dirty",
    metadata,
    _key("series"),
    _key("start"),
    _key("writer"),
    _key("reason", _REASON),
    _count("stamp", "offset of the batch that changed the bucket last"),
    _count("first_ms", "the partition's clock at the first change that the mark stands for"),
    _count("last_ms", "and at the last"),
    sqlite_with_rowid=False,
)

reference = Table(
    "reference",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", Text, primary_key=True, comment="of the event; '' in rows older than this column"),
    Column("id", Text, primary_key=True, comment="of the event"),
    _count("valid_from", "epoch seconds"),
    _count("recorded_ms"),
    _count("value"),
    Column("scope", Text, nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("topic", Text, primary_key=True),
    _key("part"),
    _key("off"),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    _count("appended_ms"),
    Column("payload", LargeBinary, comment="original bytes until they are in the dead-letter topic"),
    Column("trace", Text, comment="traceparent of the record, where it has one"),
)
_waiting = text("payload is not null")
Index("verdict_waiting", verdict.c.off, sqlite_where=_waiting, postgresql_where=_waiting)

value = Table(
    "value",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    _key("anchor", "start of the window's last step"),
    Column("scope", Text, primary_key=True),
    Column("dims", Text, primary_key=True),
    _key("version", "values of a version that was left stay as they were published last"),
    _count("start"),
    _count("end"),
    Column("label", Text, nullable=False),
    _count("revision"),
    _count("published", "newest revision the topic has acknowledged"),
    Column("payload", LargeBinary, nullable=False, comment="the KpiValue as JSON, exactly as published"),
    Index("value_settling", "kpi", "label", "end"),
    sqlite_with_rowid=False,
)
_unpublished = text("published < revision")
Index("value_unpublished", value.c.kpi, sqlite_where=_unpublished, postgresql_where=_unpublished)

history = Table(
    "history",
    metadata,
    _key("series"),
    _key("start"),
    _key("at_min", "epoch minutes: the bucket over all writers as it was known then"),
    *_sums(),
    Column("bins", LargeBinary),
    sqlite_with_rowid=False,
)

rollup = Table(
    "rollup",
    metadata,
    _key("family", _FAMILY),
    _key("start", "of the local day"),
    _key("series"),
    *_sums(),
    sqlite_with_rowid=False,
)

decision = Table(
    "decision",
    metadata,
    Column("kpi", Text, primary_key=True),
    _key("number", "of the KPI's decisions, from 1"),
    _count("version"),
    Column("hash", Text, nullable=False, comment="SHA-256 of what the version meant then; '' = decided before 0004"),
    _count("decided_ms", "wall clock, for people"),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False, comment="initial, wanted, active or refused"),
    _count("active_ms", "what the fastest partition's clock showed when it became active; 0 = it is not, or initial"),
    Column("detail", Text, nullable=False, comment="why it was refused, or what it waits for"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    _count("epoch"),
    _count("beat", "grows while the holder lives"),
    _count("seen_ms", "the holder's wall clock at its last beat, for people; decides nothing"),
)

audit = Table(
    "audit",
    metadata,
    Column("kpi", Text, primary_key=True),
    _key("version"),
    _count("at_ms", "wall clock of the newest audit's cut"),
    _count("clean_ms", "of the newest one without a mismatch, 0 = there was none"),
    Column("payload", LargeBinary, nullable=False, comment="the Audit as JSON"),
)
