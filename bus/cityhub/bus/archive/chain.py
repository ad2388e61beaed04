"""Commits: which files an archived topic consists of, in a chain in which each holds the hash of the one before.

A file counts once a commit names it, and only as the commit describes it. What a killed archiver left behind is named
by no commit, so nothing is there twice and nothing is missing. From time to time a checkpoint sums the chain up;
commits before it are no longer needed.

    <topic>/log/000000000042.json              a commit: its JSON, then the SHA-256 of that line
    <topic>/log/000000000063.checkpoint.json   all of the chain up to and including commit 63
    <topic>/2026-11-25/<type>.000000000042.9c1185a5.parquet
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from cityhub.bus.archive.storage import Storage
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing

FORMAT = 1
CHECKPOINT_EVERY = 50
"""Commits between checkpoints."""
_CHECKPOINT = ".checkpoint.json"
_RESTORE = "restore it from a backup, or archive the topic anew into an empty folder while Kafka still holds it"


class Span(Struct, frozen=True, array_like=True):
    """Offsets of one partition, both included; others in between may stand in other files."""

    first: int
    last: int
    rows: int


class DataFile(Struct, frozen=True, kw_only=True):
    """One Parquet file as it was written; its statistics let a question pass it by.

    Attributes:
        path: within the topic. type: event type, "" = records that could not be read.
        day: UTC day of the events, of unreadable ones of their arrival. sha256: of the whole file, hex.
        spans: lowest and highest offset per partition.
        t: earliest and latest event time, epoch ms. refused: rows with a verdict. erased: rows without their subject.
    """

    path: str
    type: str
    day: str
    rows: int
    bytes: int
    sha256: str
    spans: dict[int, Span]
    t: tuple[int, int]
    refused: int = 0
    erased: int = 0


class End(Struct, frozen=True):
    """Where the archive ends in a partition.

    Attributes:
        last: last archived offset. clock_ms: running maximum of append times. hash: BLAKE2b-128 of that record, hex.
    """

    last: int
    clock_ms: int
    hash: str


class Commit(Struct, frozen=True, kw_only=True):
    """One change of an archived topic.

    Attributes:
        number: from 0, without gaps. before: SHA-256 of the commit before this one, "" for the first.
        at_ms: when it was written, by the archiver's clock; decides nothing.
        kind: records were added, files were merged, old days let go, a subject erased.
        ends: new ends of the partitions that grew, with the first offset that was added.
        kept_from: first UTC day that is left where old days were let go.
        note: for people, such as who asked for it and why.
    """

    format: int = FORMAT
    topic: str
    number: int
    before: str
    at_ms: int
    kind: Literal["append", "compact", "retain", "erase"]
    ends: dict[int, tuple[int, End]] = {}
    add: tuple[DataFile, ...] = ()
    remove: tuple[str, ...] = ()
    kept_from: str = ""
    note: str = ""


class State(Struct, frozen=True, kw_only=True):
    """A topic after a commit.

    Attributes:
        number, head: of the last commit, and its SHA-256; −1 and "" before the first.
        starts: first offset that was ever archived, per partition.
        kept_from: first UTC day that retention has left, "" = all. gone: rows that it let go, per partition.
        notes: of erasures, oldest first.
    """

    format: int = FORMAT
    topic: str
    number: int = -1
    head: str = ""
    starts: dict[int, int] = {}
    ends: dict[int, End] = {}
    files: dict[str, DataFile] = {}
    kept_from: str = ""
    gone: dict[int, int] = {}
    notes: tuple[str, ...] = ()

    def after(self, commit: Commit, sha256: str) -> State:
        """The state once a commit holds.

        Raises:
            ArchiveDamaged: the commit does not follow.
        """
        where = commit_path(commit.topic, commit.number)
        if (commit.topic, commit.number, commit.before) != (self.topic, self.number + 1, self.head):
            raise ArchiveDamaged(
                f"{where} does not follow commit {self.number}: it is commit {commit.number} of {commit.topic} after "
                f"{commit.before[:12] or 'none'}, and {self.head[:12] or 'none'} came before; {_RESTORE}",
                where,
            )
        starts, ends = dict(self.starts), dict(self.ends)
        for part, (first, end) in commit.ends.items():
            if part in ends and first != ends[part].last + 1:
                text = f"{where} goes on at offset {first} of partition {part}, after {ends[part].last}; {_RESTORE}"
                raise ArchiveDamaged(text, where)
            starts.setdefault(part, first)
            ends[part] = end
        files = dict(self.files)
        removed = [files.pop(path) for path in commit.remove if path in files]
        files |= {file.path: file for file in commit.add}
        return State(
            topic=self.topic,
            number=commit.number,
            head=sha256,
            starts=starts,
            ends=ends,
            files=files,
            kept_from=max(self.kept_from, commit.kept_from),
            gone=_gone(self.gone, removed) if commit.kind == "retain" else self.gone,
            notes=(*self.notes, commit.note) if commit.kind == "erase" else self.notes,
        )


def _gone(before: Mapping[int, int], removed: Iterable[DataFile]) -> dict[int, int]:
    gone = dict(before)
    for file in removed:
        for part, span in file.spans.items():
            gone[part] = gone.get(part, 0) + span.rows
    return gone


S = TypeVar("S", Commit, State)


class Chain:
    """The commits of one topic."""

    def __init__(self, storage: Storage, topic: str) -> None:
        self._storage = storage
        self._topic = topic
        self._folder = f"{topic}/log"

    def state(self) -> State:
        """The newest state, from the newest checkpoint on.

        Raises:
            ArchiveDamaged: a commit or checkpoint was changed, renamed, or is missing in between.
            ArchiveError: the storage does not answer.
        """
        names = self._storage.names(self._folder)
        checkpoints = [name for name in names if name.endswith(_CHECKPOINT)]
        state = State(topic=self._topic)
        if checkpoints:
            state, _ = self._read(f"{self._folder}/{checkpoints[-1]}", State)
        return self._replayed(state, names)

    def whole(self) -> State:
        """The newest state, with every commit and checkpoint that counts read and compared."""
        names = self._storage.names(self._folder)
        summed = {}
        for name in names:
            if name.endswith(_CHECKPOINT):
                found, _ = self._read(f"{self._folder}/{name}", State)
                summed[found.number] = found
        first = min((number for number in map(_number, names) if number is not None), default=0)
        begins = min((number for number in summed if number >= first - 1), default=-1) if first else -1
        return self._replayed(summed.get(begins, State(topic=self._topic)), names, summed)

    def commits(self) -> list[Commit]:
        """Every commit that is still there, oldest first."""
        numbers = [number for number in map(_number, self._storage.names(self._folder)) if number is not None]
        return [self._read(commit_path(self._topic, number), Commit)[0] for number in sorted(numbers)]

    def forget(self, before_ms: int) -> None:
        """Delete commits and checkpoints that are summed up by an older one than the newest checkpoint.

        Args:
            before_ms: commits that are not older stay.
        """
        names = self._storage.names(self._folder)
        checkpoints = [int(name.removesuffix(_CHECKPOINT)) for name in names if name.endswith(_CHECKPOINT)]
        young = [commit.number for commit in self.commits() if commit.at_ms >= before_ms]
        last = max((one for one in checkpoints[:-1] if one < min(young, default=one + 1)), default=-1)
        for number in sorted(number for number in map(_number, names) if number is not None and number <= last):
            self._storage.delete(commit_path(self._topic, number))
        for number in [one for one in checkpoints if one < last]:
            self._storage.delete(f"{self._folder}/{number:012}{_CHECKPOINT}")

    def write(self, state: State, commit: Commit) -> State:
        """Append a commit.

        Returns:
            The state after it.

        Raises:
            ArchiveTaken: another archiver wrote a commit of this number.
        """
        content = _signed(commit)
        after = state.after(commit, _hash(content))
        self._storage.create(commit_path(self._topic, commit.number), content)
        if commit.number % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1:
            self._storage.write(f"{self._folder}/{commit.number:012}{_CHECKPOINT}", _signed(after))
        return after

    def _replayed(self, state: State, names: Iterable[str], summed: Mapping[int, State] | None = None) -> State:
        numbers = sorted(number for number in map(_number, names) if number is not None and number > state.number)
        for number in numbers:
            commit, sha256 = self._read(commit_path(self._topic, number), Commit)
            state = state.after(commit, sha256)
            known = (summed or {}).get(number, state)
            if known != state:
                where = f"{self._folder}/{number:012}{_CHECKPOINT}"
                raise ArchiveDamaged(f"{where} is not what the commits up to it come to; delete it", where)
        return state

    def _read(self, path: str, kind: type[S]) -> tuple[S, str]:
        """A signed file and its SHA-256."""
        content = self._storage.read(path)
        line, _, rest = content.partition(b"\n")
        if rest != _hash(line).encode() + b"\n":
            raise ArchiveDamaged(f"{path} was changed or cut after it was written; {_RESTORE}", path)
        try:
            found = msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError as error:
            raise ArchiveDamaged(f"{path} is no {kind.__name__.lower()} of this format: {error}", path) from error
        if f"{found.topic}/log/{found.number:012}" != path.partition(".json")[0].removesuffix(".checkpoint"):
            raise ArchiveDamaged(f"{path} is number {found.number} of {found.topic}: it was renamed; {_RESTORE}", path)
        return found, _hash(content)


def commit_path(topic: str, number: int) -> str:
    """Where a commit lies."""
    return f"{topic}/log/{number:012}.json"


def archived_topics(storage: Storage) -> list[str]:
    """Topics that have commits."""
    return [name for name in storage.names("") if storage.names(f"{name}/log")]


def read_file(storage: Storage, topic: str, file: DataFile) -> bytes:
    """The bytes of a data file, which are those that were written.

    Raises:
        ArchiveMissing, ArchiveDamaged: they are not; the message names the file.
    """
    path = f"{topic}/{file.path}"
    try:
        content = storage.read(path)
    except ArchiveMissing as error:
        raise ArchiveMissing(f"{path} is missing, the commits of {topic} name it; {_RESTORE}", path) from error
    if _hash(content) != file.sha256:
        told = f"{len(content)} bytes with SHA-256 {_hash(content)[:12]}…, not {file.bytes} with {file.sha256[:12]}…"
        raise ArchiveDamaged(f"{path} is not the file that was written: it has {told}; {_RESTORE}", path)
    return content


def _signed(content: Struct) -> bytes:
    line = msgspec.json.encode(content)
    return line + b"\n" + _hash(line).encode() + b"\n"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _number(name: str) -> int | None:
    stem = name.removesuffix(".json")
    return int(stem) if stem.isdigit() and stem != name else None
