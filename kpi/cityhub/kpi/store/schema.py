"""Tables of the KPI store. Every number is an integer; a bucket is a sum, so that rows merge by adding."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

from cityhub.kpi.definition import MAX_TERMS

LIMBS = 4
"""The 128-bit digest is kept as four 32-bit limbs, so that SQL can add it without overflow."""

metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

cursor = Table(
    "cursor",
    metadata,
    Column("job", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("off", BigInteger, nullable=False, comment="last record whose effects are in the store, -1 = none"),
    Column("hash", LargeBinary, nullable=False, comment="BLAKE2b-128 of that record's bytes"),
    Column("appended_ms", BigInteger, nullable=False, comment="running maximum of the records' append time"),
    Column("complete_ms", BigInteger, nullable=False, comment="everything appended before this is in the store"),
    Column("records", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("synthetic", BigInteger, nullable=False),
    Column("newest_event_s", BigInteger, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("id_key", LargeBinary, primary_key=True, comment="XXH3-128 of source and id"),
    Column("content", LargeBinary, nullable=False, comment="first half of the content hash"),
    Column("part", Integer, nullable=False),
    Column("off", BigInteger, nullable=False, comment="the record that was counted"),
    sqlite_with_rowid=False,
)

bucket = Table(
    "bucket",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("grain_start", BigInteger, primary_key=True, comment="epoch seconds"),
    Column("scope", Text, primary_key=True),
    Column("dims", Text, primary_key=True, comment="canonical JSON"),
    Column("writer", Text, primary_key=True, comment="topic/partition that wrote the row; readers add the rows"),
    Column("n", BigInteger, nullable=False),
    Column("synthetic_n", BigInteger, nullable=False),
    *(Column(f"v{index}", BigInteger, nullable=False) for index in range(MAX_TERMS)),
    *(Column(f"d{index}", BigInteger, nullable=False) for index in range(LIMBS)),
    sqlite_with_rowid=False,
)

dirty = Table(
    "dirty",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("grain_start", BigInteger, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("dims", Text, primary_key=True),
    sqlite_with_rowid=False,
)

verdict = Table(
    "verdict",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("off", BigInteger, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("appended_ms", BigInteger, nullable=False),
    Column("payload", LargeBinary, comment="original bytes until they are in the dead-letter topic"),
    Index("verdict_waiting", "off", sqlite_where=text("payload is not null")),
)

value = Table(
    "value",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("dims", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False, comment="newest revision the topic has acknowledged"),
    Column("payload", LargeBinary, nullable=False, comment="the KpiValue as JSON, exactly as published"),
    Index("value_settling", "kpi", "label", "end"),
    Index("value_unpublished", "published", "revision"),
    sqlite_with_rowid=False,
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
