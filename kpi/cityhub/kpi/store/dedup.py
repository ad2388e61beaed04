"""Deduplication: which events of a partition were counted before.

What is guaranteed, and why. An id is remembered from the record that was counted until the log's clock (the running
maximum of append times) has passed that record's append time by the horizon and a margin. An event may be older than
the clock by the horizon at most, and younger by 5 minutes at most; others are refused before they come here. So a
repetition with the same content, hence the same event time, comes while its id is remembered, or is refused as too
old: **it is counted once for ever**. The same id with *other content* is noticed for as long; afterwards it may be
counted, once, as the other event that it is. Partitions do not know of each other: an id must keep its partition. A
horizon that grows holds for what is counted from then on: ids that were forgotten do not come back.

Runs in the store hold the ids with all 128 bits: one row per batch, small rows merged in time. Memory holds 64 bits of
the id as fingerprint, and the other 64 mixed with the content as tag. Fingerprint and tag equal: a repetition (events
agree in all 128 bits by chance once in 10^38 pairs). Fingerprint equal, tag not: the run's row decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select

from cityhub.kpi.kernel.fingerprints import Fingerprints, Positions, Words
from cityhub.kpi.store import schema
from cityhub.kpi.store.cursors import CursorMoved

KEY_BYTES, CONTENT_BYTES = 16, 8
MARGIN_MS = 10 * 60 * 1000
"""How much longer than the horizon an id is kept: more than the 5 minutes that an event's time may lie ahead."""
FORGET_EVERY_MS = 5 * 60 * 1000
SLICES = 16
"""Runs of one sixteenth of the horizon may become one row: what is too old is forgotten with that delay at most."""
_FAN_IN = 16
_SIZES = (16, 256, 1_024)
"""Sixteen neighbours with fewer ids than this become one row: an id is usually written anew three times at most."""
_ROWS_PER_FETCH = 64

_seen, _cursor = schema.seen.c, schema.cursor.c
_MINE = and_(*(_seen[name] == bindparam(f"at_{name}") for name in ("job", "topic", "part")))
_OFFSET = select(_cursor.off).where(*(_cursor[name] == bindparam(f"at_{name}") for name in ("job", "topic", "part")))
_IDS = select(func.sum(_seen.n)).where(_MINE)
_RUNS = (
    select(*(_seen[name] for name in ("first_off", "last_off", "newest_ms", "n", "ids", "more")))
    .where(_MINE)
    .order_by(_seen.first_off)
    .execution_options(yield_per=_ROWS_PER_FETCH)
)
_ID = select(func.substr(_seen.ids, bindparam("byte"), KEY_BYTES)).where(_MINE, _seen.first_off == bindparam("run"))
_FROM = and_(_MINE, _seen.first_off >= bindparam("run"))
_PARTS = select(_seen.n, _seen.first_off, _seen.ids, _seen.more).where(_FROM).order_by(_seen.first_off)


class Answer(IntEnum):
    """What is known of an event's id."""

    FRESH = 0
    DUPLICATE = 1
    REUSED = 2


class Run(NamedTuple):
    """A row of ids: those counted among the records from `first_off` to `last_off`."""

    first_off: int
    last_off: int
    newest_ms: int
    n: int


class _Row(NamedTuple):
    """The columns of a run; places are offsets after its first."""

    ids: bytes
    contents: bytes
    places: Positions

    @classmethod
    def read(cls, n: int, first_off: int, ids: bytes, more: bytes, base: int) -> _Row:
        """A stored run, its places counted from `base`."""
        split = n * CONTENT_BYTES
        return cls(ids, more[:split], np.frombuffer(more[split:], "<u4").astype(np.int64) + (first_off - base))


class Staged(NamedTuple):
    """What a transaction wrote and memory does not know yet.

    Attributes:
        forgotten: number of oldest runs that were deleted; merged: number of newest ones that are part of `run` now.
    """

    last_off: int
    newest_ms: int
    forgotten: int
    merged: int
    run: Run | None
    fingerprints: Words
    tags: Words


class SeenIds:
    """The ids of one partition of one job. Memory repeats committed rows and changes in `open` and `commit` only.

    Args:
        horizon_ms: how old an event may be; the longest of the topic's contracts.
        fingerprint_bits: 64; tests take fewer, so that fingerprints collide.

    Attributes:
        at_offset: the cursor that memory is valid for.
    """

    def __init__(self, job: str, topic: str, part: int, horizon_ms: int, *, fingerprint_bits: int = 64) -> None:
        self._at = {"at_job": job, "at_topic": topic, "at_part": part}
        self._name = f"{topic}/{part}"
        self._keep_ms = horizon_ms + MARGIN_MS
        self._slice_ms = max(horizon_ms // SLICES, 1)
        self._mask = np.uint64((1 << fingerprint_bits) - 1)
        self._runs: list[Run] = []
        self._known = Fingerprints()
        self._looked_ms = 0
        self.at_offset = -1

    def __len__(self) -> int:
        return len(self._known)

    @property
    def memory_bytes(self) -> int:
        """What the fingerprints take."""
        return self._known.memory_bytes

    def valid_for(self, offset: int) -> bool:
        """Whether memory repeats the rows that belong to a cursor at `offset`."""
        return self.at_offset == offset

    def open(self, connection: Connection) -> None:
        """Read where the cursor stands, then the runs.

        In this order: whoever writes in between has moved the cursor, and memory is not valid for it.
        """
        offset = connection.scalar(_OFFSET, self._at)
        runs: list[Run] = []
        known = Fingerprints(int(connection.scalar(_IDS, self._at) or 0))
        with connection.execute(_RUNS, self._at) as found:
            for *run, ids, more in found:
                runs.append(Run(*run))
                known.add(*self._words(ids, more[: runs[-1].n * CONTENT_BYTES]))
        self._runs, self._known, self._looked_ms = runs, known, 0
        self.at_offset = -1 if offset is None else offset

    def verdicts(self, connection: Connection, keys: Sequence[bytes], contents: Sequence[bytes]) -> list[int]:
        """Judge the events of a batch, in their order; repetitions inside the batch included: the first one counts.

        Changes nothing. Where an event turns out later to be refused, ask again without it: its id is free then, and
        a repetition behind it in the batch may count.

        Args:
            keys: 16 bytes each, for organisation, source and id. contents: 8 bytes each, of the content hash.

        Returns:
            An `Answer` per event; the fresh ones are false.

        Raises:
            CursorMoved: another worker has changed the rows that memory repeats.
        """
        fingerprints, tags = self._words(b"".join(keys), b"".join(contents))
        answers = np.zeros(len(keys), np.uint8)
        queries, positions = self._known.find(fingerprints)
        if queries.size:
            answers[queries[self._known.tags(positions) == tags[queries]]] = Answer.DUPLICATE
            other = answers[queries] == Answer.FRESH
            answers[self._reused(connection, keys, queries[other], positions[other])] = Answer.REUSED
        ordered = np.sort(fingerprints)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if repeated.size:
            first: dict[bytes, bytes] = {}
            for index in np.flatnonzero(np.isin(fingerprints, repeated) & (answers == Answer.FRESH)).tolist():
                before = first.get(keys[index])
                if before is None:
                    first[keys[index]] = contents[index]
                else:
                    answers[index] = Answer.DUPLICATE if before == contents[index] else Answer.REUSED
        found: list[int] = answers.tolist()
        return found

    def stage(
        self,
        connection: Connection,
        keys: Sequence[bytes],
        contents: Sequence[bytes],
        offsets: Sequence[int],
        *,
        first_off: int,
        last_off: int,
        newest_append_ms: int,
    ) -> Staged:
        """Write what a batch counted, in its transaction; memory follows in `commit`.

        Args:
            keys, contents, offsets: of the counted events, in their order.
            first_off, last_off: of the whole batch. newest_append_ms: the log's clock after it.

        Raises:
            ValueError: the batch does not continue what memory is valid for.
        """
        if not self.valid_for(first_off - 1):
            raise ValueError(f"{self._name}: ids are known up to {self.at_offset}, not to {first_off - 1}")
        newest_ms = max(newest_append_ms, self._runs[-1].newest_ms if self._runs else 0)
        forgotten = self._forget(connection, newest_ms)
        ids, bodies = b"".join(keys), b"".join(contents)
        fingerprints, tags = self._words(ids, bodies)
        run, merged = None, 0
        if keys:
            run = Run(first_off, last_off, newest_ms, len(keys))
            merged = self._mergeable(run, forgotten)
            run = self._write(connection, run, merged, _Row(ids, bodies, np.asarray(offsets, np.int64) - first_off))
        return Staged(last_off, newest_ms, forgotten, merged, run, fingerprints, tags)

    def commit(self, staged: Staged) -> None:
        """The transaction of `staged` is committed."""
        if staged.newest_ms - self._looked_ms >= FORGET_EVERY_MS:
            self._looked_ms = staged.newest_ms
        self._known.forget(sum(run.n for run in self._runs[: staged.forgotten]))
        del self._runs[: staged.forgotten]
        if staged.run is not None:
            del self._runs[len(self._runs) - staged.merged :]
            self._runs.append(staged.run)
            self._known.add(staged.fingerprints, staged.tags)
        self.at_offset = staged.last_off

    def _words(self, ids: bytes, contents: bytes) -> tuple[Words, Words]:
        """Fingerprints and tags."""
        halves = np.frombuffer(ids, "<u8").reshape(-1, 2)
        return halves[:, 0] & self._mask, halves[:, 1] ^ np.frombuffer(contents, "<u8").reshape(len(halves))

    def _reused(
        self, connection: Connection, keys: Sequence[bytes], queries: Positions, positions: Positions
    ) -> list[int]:
        """Those queries whose id, in all its 128 bits, stands at the position that was found for them."""
        if not queries.size:
            return []
        ends = np.cumsum([run.n for run in self._runs]) + self._known.first
        numbers = np.searchsorted(ends, positions, side="right")
        found = []
        for query, number, place in zip(
            queries.tolist(), numbers.tolist(), (ends[numbers] - positions).tolist(), strict=True
        ):
            run = self._runs[number]
            byte = (run.n - place) * KEY_BYTES + 1
            held = connection.scalar(_ID, {**self._at, "byte": byte, "run": run.first_off})
            if held is None:  # forgotten, or merged into a row before it, with a batch that memory has not seen
                raise CursorMoved(f"{self._name} has no run of ids from {run.first_off} on any more")
            if held == keys[query]:
                found.append(query)
        return found

    def _forget(self, connection: Connection, clock_ms: int) -> int:
        """Delete the runs that are too old; returns how many, the oldest of all."""
        if clock_ms - self._looked_ms < FORGET_EVERY_MS:
            return 0
        oldest = clock_ms - self._keep_ms
        count = next((number for number, run in enumerate(self._runs) if run.newest_ms >= oldest), len(self._runs))
        if count:
            last = self._runs[count - 1].first_off
            connection.execute(delete(schema.seen).where(_MINE, _seen.first_off <= last), self._at)
        return count

    def _mergeable(self, new: Run, forgotten: int) -> int:
        """Number of newest runs that become one row with the new one: sixteen small ones make one of the next size."""
        slice_ = new.newest_ms // self._slice_ms
        size, end = new.n, len(self._runs)
        for limit in _SIZES:
            if size >= limit:
                continue
            start = end
            while start > forgotten and self._runs[start - 1].n < limit:
                if self._runs[start - 1].newest_ms // self._slice_ms != slice_:
                    break
                start -= 1
            if end - start < _FAN_IN - 1:
                break
            size += sum(run.n for run in self._runs[start:end])
            end = start
        return len(self._runs) - end

    def _write(self, connection: Connection, run: Run, merged: int, part: _Row) -> Run:
        """Write the batch's row, or one for the batch and the runs before it."""
        parts = [part]
        if merged:
            first = self._runs[-merged].first_off
            those = {**self._at, "run": first}
            parts = [_Row.read(*found, first) for found in connection.execute(_PARTS, those)]
            parts.append(_Row(part.ids, part.contents, part.places + (run.first_off - first)))
            connection.execute(delete(schema.seen).where(_FROM), those)
            run = run._replace(first_off=first, n=run.n + sum(one.n for one in self._runs[-merged:]))
        ids, contents, places = zip(*parts, strict=True)
        more = b"".join(contents) + np.concatenate(places).astype("<u4").tobytes()
        mine = {name: self._at[f"at_{name}"] for name in ("job", "topic", "part")}
        connection.execute(insert(schema.seen), [{**mine, **run._asdict(), "ids": b"".join(ids), "more": more}])
        return run
