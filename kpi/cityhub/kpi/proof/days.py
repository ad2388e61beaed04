"""Buckets from archive files; of additive definitions day by day: each day's once, by several processes.

Days are UTC days, as the archive's folders: no file is read twice, and sums do not care where the log is cut. What a
day came to is kept under a name that says everything it is made of, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import uuid4

import msgspec
import polars as pl

from cityhub.bus.archive.chain import DataFile, State
from cityhub.bus.archive.columns import DAY_MS
from cityhub.kpi.batch import Buckets, buckets
from cityhub.kpi.batch.bucket import BIN
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.evidence import EVER, EventSource, Vector

_CODE = ("cityhub.kpi.batch", "cityhub.kpi.kernel")


class FileSource(EventSource, Protocol):
    """Event frames, and the files that they are read from; `bus.archive.reader.Archive` without tails."""

    def state(self, topic: str) -> State: ...


class Day(NamedTuple):
    """A UTC day of the archive.

    Attributes:
        start_ms: its begin, epoch ms. key: hash of all that its buckets are made of.
    """

    start_ms: int
    key: str


class Task(NamedTuple):
    """What is computed of each day, up to which record, and where it is kept; None = nowhere."""

    plan: Plan
    source: FileSource
    vector: Vector
    work: Path | None


def counting(plan: Plan, source: FileSource, vector: Vector) -> list[DataFile]:
    """The files that may hold events of a definition within a cut: those with rows that no verdict refused."""
    found = []
    for type_, topic in plan.definition.topics.items():
        upto = vector.get(topic, {})
        for file in source.state(topic).files.values():
            within = any(span.first <= upto.get(part, -1) for part, span in file.spans.items())
            if file.type == type_ and within and file.refused < file.rows:
                found.append(file)
    return found


def days_of(plan: Plan, chosen: Sequence[DataFile], vector: Vector) -> list[Day]:
    """The days of files, in their order; of files as `counting` gives them."""
    topics = plan.definition.topics
    parts: dict[str, list[object]] = {}
    for file in sorted(chosen, key=lambda file: (file.type, file.sha256)):
        upto = vector.get(topics[file.type], {})
        cut = [(part, min(upto.get(part, -1), span.last)) for part, span in sorted(file.spans.items())]
        parts.setdefault(file.day, []).append((file.type, file.sha256, cut))
    return [
        Day(start_of(day), hashlib.sha256(msgspec.json.encode([_code(), plan.definition.hash, day, made])).hexdigest())
        for day, made in sorted(parts.items())
    ]


def buckets_of(task: Task, files: Sequence[DataFile], jobs: int = 1) -> Buckets:
    """All buckets of the events in some files: day by day where days add up, else (`Plan.cells`) in one pass.

    Args:
        files: as `counting` gives them, or some days of them. jobs: processes that compute days that are not kept yet.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        BatchError: the definition cannot be computed.
        OSError: a result cannot be kept.
    """
    if task.plan.cells:
        return buckets(task.plan, frames_of(task, (-EVER, EVER)))
    days = days_of(task.plan, files, task.vector)
    held = {day: kept(task, day) for day in days}
    missing = [day for day, found in held.items() if found is None]
    held |= dict(zip(missing, _computed(task, missing, jobs), strict=True))
    return Buckets.joined(task.plan, [found for found in held.values() if found is not None])


def _computed(task: Task, days: Sequence[Day], jobs: int) -> Iterator[Buckets]:
    if min(jobs, len(days)) <= 1:
        yield from (_of_day(task, day) for day in days)
        return
    context = multiprocessing.get_context("spawn")  # a forked Polars may wait for threads that it does not have
    pool = ProcessPoolExecutor(min(jobs, len(days)), context, _begin, (task,))
    try:
        yield from pool.map(_of_mine, days)
    finally:
        pool.shutdown(cancel_futures=True)


_mine: list[Task] = []
"""The task of a process of the pool."""


def _begin(task: Task) -> None:
    _mine.append(task)


def _of_mine(day: Day) -> Buckets:
    return _of_day(_mine[0], day)


def _of_day(task: Task, day: Day) -> Buckets:
    found = buckets(task.plan, frames_of(task, (day.start_ms, day.start_ms + DAY_MS)))
    if task.work is not None:
        _keep(task.work, day, found)
    return found


def frames_of(task: Task, t: tuple[int, int]) -> dict[str, pl.DataFrame]:
    """Event frames of the definition's types by event time (epoch ms, half-open)."""
    return {
        type_: task.source.frame(type_, t=t, upto=task.vector.get(topic, {}))
        for type_, topic in task.plan.definition.topics.items()
    }


def kept(task: Task, day: Day) -> Buckets | None:
    """What a day came to, where that is kept as it was written."""
    for file in sorted(task.work.glob(f"{day.key}.*.parquet")) if task.work is not None else ():
        content = file.read_bytes()
        if file.name == _name(day, content):
            rows = pl.read_parquet(BytesIO(content))
            sums, bins = rows.filter(pl.col("n").is_not_null()), rows.filter(pl.col("count").is_not_null())
            return Buckets(sums.drop(BIN), bins.select(name for name in rows.columns if name in _bin_columns(rows)))
        file.unlink()
    return None


def forget(folder: Path, days: Sequence[Day]) -> None:
    """Remove what is kept of other days, or of these as they were before."""
    keys = {day.key for day in days}
    for file in folder.glob("*.parquet"):
        if file.name.partition(".")[0] not in keys:
            file.unlink(missing_ok=True)


def _keep(folder: Path, day: Day, found: Buckets) -> None:
    target = BytesIO()
    pl.concat([found.sums, found.bins], how="diagonal").write_parquet(target)
    content = target.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"unfinished-{uuid4().hex}"
    unfinished.write_bytes(content)
    unfinished.replace(folder / _name(day, content))


def _name(day: Day, content: bytes) -> str:
    return f"{day.key}.{hashlib.sha256(content).hexdigest()[:16]}.parquet"


def _bin_columns(rows: pl.DataFrame) -> set[str]:
    return {*BIN, *(name for name in rows.columns if name in ("layer", "start", "scope") or name.startswith("dim"))}


def kept_s(plan: Plan, source: FileSource) -> int:
    """Begin of the first day that no topic has let go of, epoch s; before all time where all days are there."""
    kept = [source.state(topic).kept_from for topic in plan.definition.topics.values()]
    return max((start_of(day) // 1000 for day in kept if day), default=-EVER)


def start_of(day: str) -> int:
    """Begin of a UTC day, epoch ms."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000


@lru_cache(maxsize=1)
def _code() -> str:
    """What computes: results of another version are not taken over."""
    found = hashlib.sha256(pl.__version__.encode())
    for package in _CODE:
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                found.update(file.read_bytes())
    return found.hexdigest()
