"""Where a word stands in what the hub keeps: every topic of the log, and every file beside the servers' own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl

from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_reader import LogReader
from cityhub.bus.whole_topic import TopicRecord, WholeTopic

_SERVERS = {"kafka", "keycloak"}


async def topics_with(access: KafkaAccess, word: str, kinds: tuple[str, ...]) -> dict[str, int]:
    """Records of topics that hold it, anywhere in key, headers and value, as bytes or as JSON says it.

    Args:
        kinds: beginnings of topics' names.
    """
    async with LogReader(access, client_id="test") as log:
        names = [name for name in await log.partitions() if name.startswith(kinds)]
    assert names
    found: dict[str, int] = {}
    for name in names:
        async for record in WholeTopic(access, name, client_id="test").records():
            found[name] = found.get(name, 0) + _holds(record, word)
    return {name: count for name, count in found.items() if count}


def _holds(record: TopicRecord, word: str) -> bool:
    parts = [record.key or b"", record.value or b"", *(name.encode() + value for name, value in record.headers.items())]
    return any(any(word.encode(form) in part for form in ("utf-8", "utf-16-le")) for part in [*parts, *_read(record)])


def _read(record: TopicRecord) -> Iterator[bytes]:
    """The value without escapes."""
    try:
        yield msgspec.json.encode(msgspec.json.decode(record.value or b""))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return


def files_with(folder: Path, word: str) -> list[str]:
    """Files of a data directory that hold it; databases are brought up to date with their logs before."""
    for database in folder.glob("*.db"):
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    files = [
        path for path in folder.rglob("*") if path.is_file() and not _SERVERS & set(path.relative_to(folder).parts)
    ]
    return [path.relative_to(folder).as_posix() for path in files if _file_holds(path, word)]


def _file_holds(path: Path, word: str) -> bool:
    if path.suffix == ".parquet":
        return word in repr(pl.read_parquet(path).to_dicts())
    return word.encode() in path.read_bytes()
