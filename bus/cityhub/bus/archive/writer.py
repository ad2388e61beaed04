"""Writing an archived topic: stretches of the log, each in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import pyarrow as pa

from cityhub.bus.archive.chain import Chain, Commit, DataFile, End, State
from cityhub.bus.archive.columns import UNREAD, LogRecord, Refusals, TopicColumns
from cityhub.bus.archive.parquet import by_day, described, pack
from cityhub.bus.archive.storage import Storage
from cityhub.bus.errors import LogBroken
from cityhub.sdk.contract import Contract


class TopicWriter:
    """Archives one topic; of each partition, records come in offset order and none is left out.

    Args:
        contracts: every contract of the topic, retired ones too.

    Raises:
        ArchiveDamaged, ArchiveError: as `Chain.state`.
    """

    def __init__(self, storage: Storage, topic: str, contracts: Iterable[Contract]) -> None:
        self._storage = storage
        self._topic = topic
        self._columns = TopicColumns(contracts)
        self._chain = Chain(storage, topic)
        self.state = self._chain.state()
        self._forget()

    def _forget(self) -> None:
        self._ends = dict(self.state.ends)
        self._grown: dict[int, int] = {}
        self._tables: dict[str, list[pa.Table]] = {}
        self.waiting = 0

    def next_offset(self, part: int) -> int | None:
        """Offset of the record that comes next; None = the archive has none of the partition yet."""
        end = self._ends.get(part)
        return None if end is None else end.last + 1

    def add(self, part: int, records: Sequence[LogRecord], refusals: Refusals) -> None:
        """Take up a stretch of a partition; it counts once `commit` has returned.

        Args:
            records: at least one, in offset order.
            refusals: the verdicts on them; all have been given.

        Raises:
            LogBroken: the stretch does not continue what is there, or has holes.
        """
        first, last = records[0].offset, records[-1].offset
        due = self.next_offset(part)
        if (due is not None and first != due) or last - first + 1 != len(records):
            raise LogBroken(
                f"{self._topic}/{part}: the log goes on with {len(records)} records from {first} to {last}, the "
                f"archive with offset {due if due is not None else first}: records between them are missing"
            )
        before = self._ends[part].clock_ms if part in self._ends else 0
        for type_, table in self._columns.tables(part, records, before, refusals).items():
            self._tables.setdefault(type_, []).append(table)
        clock_ms = max(before, *[record.timestamp for record in records])
        self._ends[part] = End(last, clock_ms, record_hash(records[-1].value or b""))
        self._grown.setdefault(part, first)
        self.waiting += len(records)

    def commit(self, at_ms: int) -> State:
        """Write what was taken up; without anything, nothing happens.

        Raises:
            ArchiveTaken: another archiver was faster; `restart`, and go on where it ended.
            ArchiveError: nothing counts; what was taken up is kept, and the call may be repeated.
        """
        if not self._grown:
            return self.state
        number = self.state.number + 1
        files = tuple(
            self._write(type_, day, table, number)
            for type_, tables in sorted(self._tables.items())
            for day, table in by_day(type_, pa.concat_tables(tables))
        )
        commit = Commit(
            topic=self._topic,
            number=number,
            before=self.state.head,
            at_ms=at_ms,
            kind="append",
            ends={part: (first, self._ends[part]) for part, first in self._grown.items()},
            add=files,
        )
        self.state = self._chain.write(self.state, commit)
        self._forget()
        return self.state

    def restart(self) -> None:
        """Forget what was taken up, and go on where the archive ends now."""
        self.state = self._chain.state()
        self._forget()

    def _write(self, type_: str, day: str, table: pa.Table, number: int) -> DataFile:
        return write_file(self._storage, self._topic, (type_, day, number), table)


def write_file(storage: Storage, topic: str, name: tuple[str, str, int], table: pa.Table) -> DataFile:
    """Write a data file that a commit is going to name.

    Its name holds a part of its hash: of two archivers that prepare the same commit, none touches the other's files.

    Args:
        name: event type, UTC day, number of the commit.
    """
    type_, day, number = name
    content = pack(table)
    mark = hashlib.sha256(content).hexdigest()[:8]
    path = f"{day}/{type_ if type_ != UNREAD else 'unread'}.{number:012}.{mark}.parquet"
    storage.write(f"{topic}/{path}", content)
    return described(type_, day, path, table, content)


def record_hash(value: bytes) -> str:
    """What is remembered of a record's bytes: BLAKE2b-128, hex."""
    return hashlib.blake2b(value, digest_size=16).hexdigest()
