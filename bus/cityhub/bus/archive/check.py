"""Is the archive what was written? Every byte, every file, every record: the check that says where it is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import polars as pl
from msgspec import Struct, structs

from cityhub.bus.archive.chain import Chain, DataFile, State, archived_topics, read_file
from cityhub.bus.archive.columns import UNREAD
from cityhub.bus.archive.parquet import described, unpack
from cityhub.bus.archive.rows import events_of
from cityhub.bus.archive.storage import Storage
from cityhub.bus.archive.upkeep import number_of, unnamed
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing
from cityhub.sdk.contract import Contracts

_ATTEMPTS = 3


class Finding(Struct, frozen=True):
    """Something that is not as it was written.

    Attributes:
        path: of the file, within the archive. problem: what is wrong and what to do.
    """

    path: str
    problem: str


def check(storage: Storage, contracts: Contracts) -> list[Finding]:
    """Check everything; an archiver may be at work meanwhile.

    Raises:
        ArchiveError: the storage does not answer.
    """
    known = {contract.topic for contract in contracts.values()}
    found = []
    for name in storage.names(""):
        if name in archived_topics(storage):
            found += check_topic(storage, name, contracts)
        elif name not in known:
            found.append(Finding(name, f"{name} is no archived topic: move it out of the archive"))
    return found


def check_topic(storage: Storage, topic: str, contracts: Contracts) -> list[Finding]:
    """Check one topic; what commits meanwhile is looked at again."""
    for _ in range(_ATTEMPTS):
        look = _Look(storage, topic, contracts)
        found = list(look.findings())
        if not found or not look.outdated():
            break
    return found


class _Look:
    """One look at a topic."""

    def __init__(self, storage: Storage, topic: str, contracts: Contracts) -> None:
        self._storage = storage
        self._topic = topic
        self._contracts = contracts
        self._chain = Chain(storage, topic)
        self._state = State(topic=topic)
        self._missing: dict[str, DataFile] = {}
        self._seen: dict[int, np.ndarray] = {}

    def outdated(self) -> bool:
        try:
            return self._chain.state().number != self._state.number
        except (ArchiveDamaged, ArchiveMissing):
            return False

    def findings(self) -> Iterator[Finding]:
        try:
            self._state = self._chain.whole()
        except (ArchiveDamaged, ArchiveMissing) as error:
            yield Finding(error.path, str(error))
            return
        for part, end in self._state.ends.items():
            self._seen[part] = np.zeros(end.last - self._state.starts[part] + 1, np.uint8)
        for file in self._state.files.values():
            try:
                yield from self._file(file)
            except (ArchiveDamaged, ArchiveMissing) as error:
                if isinstance(error, ArchiveMissing):
                    self._missing[file.sha256] = file
                yield Finding(f"{self._topic}/{file.path}", str(error))
        yield from self._offsets()
        yield from self._strangers()

    def _file(self, file: DataFile) -> Iterator[Finding]:
        path = f"{self._topic}/{file.path}"
        content = read_file(self._storage, self._topic, file)
        rows = unpack(content, None, path)
        told = described(file.type, file.day, file.path, rows.to_arrow(), content)
        if told != file:
            changed = [name for name in structs.asdict(file) if getattr(told, name) != getattr(file, name)]
            yield Finding(path, f"{path}: the commits tell other {', '.join(changed)} than it has; restore the commits")
        if file.type != UNREAD:
            events_of(self._contracts[file.type], rows)
        self._see(rows)

    def _see(self, rows: pl.DataFrame) -> None:
        for (part,), offsets in rows.select("part", "off").group_by("part"):
            seen = self._seen.get(int(str(part)))
            if seen is not None:
                at = offsets["off"].to_numpy() - self._state.starts[int(str(part))]
                np.add.at(seen, at[(at >= 0) & (at < len(seen))], 1)

    def _offsets(self) -> Iterator[Finding]:
        """Each offset stands in one row, but for the rows of days that were let go."""
        for part, seen in self._seen.items():
            start, gone = self._state.starts[part], self._state.gone.get(part, 0)
            twice, none = np.flatnonzero(seen > 1), np.flatnonzero(seen == 0)
            where = f"{self._topic}/{part}"
            if len(twice):
                yield Finding(
                    self._topic, f"{where}: {len(twice)} offsets stand in several rows, as {start + twice[0]}"
                )
            if len(none) != gone and not self._missing:
                yield Finding(
                    self._topic,
                    f"{where}: {len(none)} offsets stand in no row, as {start + none[0] if len(none) else start}; "
                    f"{gone} were let go; restore the topic's files and commits from one backup",
                )

    def _strangers(self) -> Iterator[Finding]:
        """Files that no commit names: renamed, left behind by a killed process, or from elsewhere."""
        waiting = {path for commit in self._chain.commits() for path in commit.remove}
        for path in unnamed(self._storage, self._state):
            number = number_of(path)
            if path in waiting or number == self._state.number + 1:
                continue
            whole = f"{self._topic}/{path}"
            content = self._storage.read(whole)
            was = self._missing.get(hashlib.sha256(content).hexdigest())
            if was is not None:
                yield Finding(whole, f"{whole} is {self._topic}/{was.path}, renamed: give it its name back")
            elif number is not None and number <= self._state.number:
                yield Finding(
                    whole, f"{whole} was left behind by a process that ended: `cityhub archive compact` removes it"
                )
            else:
                yield Finding(whole, f"{whole} is named by no commit: it is foreign; move it out of the archive")
        for name in self._storage.names(f"{self._topic}/log"):
            stem = name.removesuffix(".json").removesuffix(".checkpoint")
            if not (stem.isdigit() and name.endswith(".json")):
                whole = f"{self._topic}/log/{name}"
                yield Finding(whole, f"{whole} is no commit: it is foreign; move it out of the archive")
