"""Upkeep: small files become large ones, old days go, and what no commit names is deleted.

Each step is a commit, or deletes only what no reader can still need; it may end anywhere and is done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cityhub.bus.archive.chain import Chain, Commit, DataFile, State, read_file
from cityhub.bus.archive.columns import DAY_MS
from cityhub.bus.archive.parquet import day_of
from cityhub.bus.archive.storage import Folder, Storage
from cityhub.bus.archive.writer import write_file

SMALL_ROWS = 250_000
"""Files with fewer rows are merged."""
MERGED_ROWS = 500_000
"""A merged file has at most so many: they are in memory together."""
MOST_FILES = 16
"""So many small files of one type and day are left alone, but for once a day when the day is over."""
GRACE_MS = DAY_MS
"""Files that a commit has removed stay for readers that began before it."""
_ABANDONED_S = 3600.0
_DATA_FILE = re.compile(r"[a-z0-9.-]+\.(\d{12})\.[0-9a-f]{8}\.parquet")


class Upkeep:
    """What an archiver calls for a topic after its turn.

    Args:
        keep_days: whole days of events that are kept, 0 = all.
    """

    def __init__(self, storage: Storage, keep_days: int) -> None:
        self._storage = storage
        self._keep_days = keep_days
        self._looked_after: dict[str, str] = {}

    def __call__(self, state: State, now_ms: int) -> bool:
        """Merge what has become many; once a day, and when a process begins, do everything. Whether it wrote commits.

        Raises:
            ArchiveTaken: another process wrote the commit; read the state again.
            ArchiveError: as `read_file`; the storage does not answer.
        """
        today = day_of(now_ms)
        daily = self._looked_after.get(state.topic) != today
        before = state.number
        if daily and self._keep_days:
            state = retain(self._storage, state, self._keep_days, now_ms)
        state = compact(self._storage, state, now_ms, over=daily)
        if daily:
            vacuum(self._storage, state.topic, now_ms)
            self._looked_after[state.topic] = today
        return state.number != before


def compact(storage: Storage, state: State, now_ms: int, *, over: bool) -> State:
    """Merge small files of one type and day, rows in order of partition and offset, as long as there are many.

    Args:
        over: two are many where the day is over.

    Returns:
        The state after its commits.
    """
    while files := _many(state, day_of(now_ms), over=over):
        tables = [read_table(storage, state.topic, file) for file in files]
        table = pa.concat_tables(tables, promote_options="default").sort_by(
            [("part", "ascending"), ("off", "ascending")]
        )
        name = (files[0].type, files[0].day, state.number + 1)
        state = rewrite(
            storage, state, files, [write_file(storage, state.topic, name, table)], kind="compact", at_ms=now_ms
        )
    return state


def _many(state: State, today: str, *, over: bool) -> list[DataFile]:
    groups: dict[tuple[str, str], list[DataFile]] = {}
    for file in state.files.values():
        if file.rows < SMALL_ROWS:
            groups.setdefault((file.type, file.day), []).append(file)
    for (_, day), files in sorted(groups.items()):
        if len(files) > MOST_FILES or (over and day < today):
            together = list(_fitting(sorted(files, key=lambda file: file.rows)))
            if len(together) > 1:
                return together
    return []


def _fitting(files: list[DataFile]) -> Iterator[DataFile]:
    rows = 0
    for file in files:
        rows += file.rows
        if rows <= MERGED_ROWS:
            yield file


def retain(storage: Storage, state: State, days: int, now_ms: int) -> State:
    """Let go of whole days that ended more than `days` days ago.

    Returns:
        The state after its commit; the same where nothing is that old.
    """
    kept_from = (date.fromisoformat(day_of(now_ms)) - timedelta(days=days)).isoformat()
    old = [file for file in state.files.values() if file.day < kept_from]
    if not old:
        return state
    return rewrite(storage, state, old, [], kind="retain", at_ms=now_ms, kept_from=kept_from)


def rewrite(storage: Storage, state: State, remove: list[DataFile], add: list[DataFile], **what: Any) -> State:
    """Commit that files take the place of others.

    Args:
        what: further attributes of the `Commit`.

    Raises:
        ArchiveTaken: another process wrote the commit of that number.
    """
    commit = Commit(
        topic=state.topic,
        number=state.number + 1,
        before=state.head,
        add=tuple(add),
        remove=tuple(file.path for file in remove),
        **what,
    )
    return Chain(storage, state.topic).write(state, commit)


def read_table(storage: Storage, topic: str, file: DataFile) -> pa.Table:
    """A data file as the table it was written from."""
    return pq.read_table(pa.BufferReader(read_file(storage, topic, file)))


def vacuum(storage: Storage, topic: str, now_ms: int, grace_ms: int = GRACE_MS) -> int:
    """Delete data files that no commit names, and commits that checkpoints sum up.

    Files that a commit has removed, and commits, stay for `grace_ms`; what might belong to the next commit, and names
    that no archiver gives, stay.

    Returns:
        How many data files were deleted.
    """
    chain = Chain(storage, topic)
    state = chain.state()
    young = [commit for commit in chain.commits() if grace_ms and now_ms - commit.at_ms < grace_ms]
    recent = {path for commit in young for path in commit.remove}
    deleted = 0
    for path in unnamed(storage, state):
        number = number_of(path)
        if number is not None and number <= state.number and path not in recent:
            storage.delete(f"{topic}/{path}")
            deleted += 1
    chain.forget(now_ms - max(grace_ms, GRACE_MS))
    if isinstance(storage, Folder):
        storage.sweep(topic, _ABANDONED_S)
    return deleted


def unnamed(storage: Storage, state: State) -> list[str]:
    """Paths of files among the data that the state does not name."""
    days = [day for day in storage.names(state.topic) if day != "log"]
    found = [f"{day}/{name}" for day in days for name in storage.names(f"{state.topic}/{day}")]
    return [path for path in found if path not in state.files]


def number_of(path: str) -> int | None:
    """The commit that a data file was written for; None = no archiver gave this name."""
    day, _, name = path.partition("/")
    with suppress(ValueError):
        date.fromisoformat(day)
        if found := _DATA_FILE.fullmatch(name):
            return int(found[1])
    return None
