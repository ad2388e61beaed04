"""Pure: jobs of robots in the contract's words. Rules: docs/adapters/city-robots.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from cityhub.adapters.city.robots.source import FINISHED
from cityhub.adapters.city.robots.wire import Job, manual_s, parse
from cityhub.adapters.kit.fact import Fact, Reading, known
from cityhub.adapters.kit.reject import Reject

OVERLAP = timedelta(minutes=5)
"""A job may be written so long after its end."""
_OUTCOMES = {"Successful": "ok", "Faulted": "exception"}
_MEMORY = "jobs"


class _Memory(Struct, frozen=True, array_like=True):
    """Attributes: since: of the question that is being answered. seen: ends of the newest jobs, by their keys."""

    since: str = ""
    seen: dict[str, datetime] = {}


class Cursor(Struct, frozen=True, array_like=True):
    """Attributes: since: jobs that ended then or later, "" for all. skip: so many of them were read."""

    since: str = ""
    skip: int = 0


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says."""
    skip, jobs, rejects = parse(body)
    known = _decode(memory[_MEMORY]) if _MEMORY in memory else _Memory()
    said = [_of(path, job) for path, job in _fresh(jobs, known.seen)]
    seen = known.seen | {job.key: job.ended for _, job in jobs if job.ended}
    newest = min(now, max(seen.values())) if seen else None  # a clock that is ahead must not hide what follows
    overlap = {key: at for key, at in seen.items() if newest and at >= newest - OVERLAP}
    since = known.since if skip is not None or newest is None else _text(newest - OVERLAP)
    return Reading(
        facts=[one for one in said if isinstance(one, Fact)],
        rejects=[*rejects, *(one for one in said if isinstance(one, Reject))],
        cursor=_encode(Cursor(since, skip or 0)).decode(),
        more=skip is not None,
        memory={_MEMORY: _encode(_Memory(since, overlap))},
        noted=Counter(one for one in said if isinstance(one, str)),
    )


def _fresh(jobs: Iterable[tuple[str, Job]], seen: Mapping[str, datetime]) -> list[tuple[str, Job]]:
    return [(path, job) for path, job in jobs if job.key not in seen]


def _of(path: str, job: Job) -> Fact | Reject | str:
    if job.state not in _OUTCOMES or job.ended is None:
        return "stopped" if job.state == "Stopped" else "unfinished"
    try:
        by_hand = manual_s(job)
    except (ValueError, RecursionError) as error:
        return Reject("schema", f"{path}.OutputArguments", str(error))
    took = None if job.started is None else round((job.ended - job.started).total_seconds())
    data = {"process": job.process, "outcome": _OUTCOMES[job.state], "manual_s": by_hand, "robot_s": took}
    return Fact(type=FINISHED, time=job.ended, subject=job.process, key=(job.key,), data=known(data), path=path)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Memory).decode
