"""`cityhub archive`: what is archived, whether it is whole, and its upkeep; it works beside the archive process."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec

from cityhub.bus.archive.chain import Chain, State, archived_topics
from cityhub.bus.archive.check import check as findings_of
from cityhub.bus.archive.erasure import Erasure
from cityhub.bus.archive.storage import Storage, storage_of
from cityhub.bus.archive.upkeep import compact, retain, vacuum
from cityhub.bus.errors import ArchiveTaken
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.sdk.contract import load_contracts

_ATTEMPTS = 10
_PAUSE_S = 0.5
_T = TypeVar("_T")


def status(archive: str, *, as_json: bool) -> int:
    """Topics, records, size and how far the archive has come; 1 when it is empty."""
    storage = storage_of(archive)
    states = [Chain(storage, topic).state() for topic in archived_topics(storage)]
    rows = [_figures(state) for state in states]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(rows)).decode())
    else:
        cells = [
            tuple(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()) for row in rows
        ]
        show(table(("TOPIC", "RECORDS", "FILES", "BYTES", "PER RECORD", "UP TO", "SINCE"), cells))
    return 0 if rows else 1


def _figures(state: State) -> dict[str, str | int | float]:
    records = sum(file.rows for file in state.files.values())
    size = sum(file.bytes for file in state.files.values())
    newest = max((end.clock_ms for end in state.ends.values()), default=0)
    return {
        "topic": state.topic,
        "records": records,
        "files": len(state.files),
        "bytes": size,
        "bytes_per_record": round(size / records, 1) if records else 0,
        "up_to": f"{datetime.fromtimestamp(newest / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "since": state.kept_from or min((file.day for file in state.files.values()), default="never"),
    }


def check(archive: str) -> int:
    """Whether every byte, file and record is as it was written; 1 when not, each finding a line."""
    found = findings_of(storage_of(archive), load_contracts())
    for finding in found:
        show(finding.problem)
    if not found:
        show(f"{archive} is whole: every file and every record is as it was written")
    return 1 if found else 0


def tidy(archive: str) -> int:
    """Merge small files of days that are over, and delete what no commit names."""
    storage, now_ms = storage_of(archive), _now_ms()
    for topic in archived_topics(storage):
        before = Chain(storage, topic).state()
        after = _patiently(partial(_merged, storage, topic, now_ms))
        deleted = vacuum(storage, topic, now_ms)
        show(f"{topic}: {len(before.files)} files are {len(after.files)}, {deleted} were deleted")
    return 0


def let_go(archive: str, days: int) -> int:
    """Let go of events of days that ended more than so many days ago."""
    if days < 1:
        raise Misconfigured(f"--days {days}: at least 1; today is always kept")
    storage, now_ms = storage_of(archive), _now_ms()
    for topic in archived_topics(storage):
        before = Chain(storage, topic).state()
        after = _patiently(partial(_kept, storage, topic, days, now_ms))
        show(
            f"{topic}: {len(before.files) - len(after.files)} files were let go; kept from {after.kept_from or 'ever'}"
        )
    show("what was let go can no longer be explained, audited or computed again")
    return 0


def erase(archive: str, subject: str, *, who: str, why: str) -> int:
    """Erase a subject from every topic; 1 when it is nowhere.

    Raises:
        Misconfigured: nobody, no reason, or the subject in one of them.
    """
    if not who.strip() or not why.strip():
        raise Misconfigured("--by and --why: say who erases and why; both are kept, the subject is not")
    storage = storage_of(archive)
    try:
        erasure = Erasure(storage, load_contracts(), subject, who=who, why=why)
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    rows = 0
    for topic in archived_topics(storage):
        rows += _patiently(partial(erasure.topic, topic, _now_ms()))
    show(f"{rows} records were changed; numbers stay what they were. Kafka keeps its records until its retention ends")
    return 0 if rows else 1


def _merged(storage: Storage, topic: str, now_ms: int) -> State:
    return compact(storage, Chain(storage, topic).state(), now_ms, over=True)


def _kept(storage: Storage, topic: str, days: int, now_ms: int) -> State:
    return retain(storage, Chain(storage, topic).state(), days, now_ms)


def _patiently(work: Callable[[], _T]) -> _T:
    """Try again while the archive process writes the same commit."""
    for attempt in range(_ATTEMPTS):
        try:
            return work()
        except ArchiveTaken:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def _now_ms() -> int:
    return int(time.time() * 1000)
