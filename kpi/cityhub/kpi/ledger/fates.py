"""The engine's word: which records of a partition were counted, and which of them were refused."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection, select

from cityhub.kpi.ledger.outcome import Fates
from cityhub.kpi.store import schema
from cityhub.kpi.store.dedup import CONTENT_BYTES, MARGIN_MS


def fates_of(connection: Connection, at: tuple[str, str, int], stretch: tuple[int, int], horizon_ms: int) -> Fates:
    """What the engine wrote of a stretch that it has passed.

    Args:
        at: job, topic, partition. stretch: first and last offset; the job's cursor stands at or after the last.
        horizon_ms: of the topic; ids are remembered for as long.
    """
    counted: set[int] = set()
    seen = schema.seen.c
    mine = (seen.job == at[0], seen.topic == at[1], seen.part == at[2])
    overlapping = (seen.first_off <= stretch[1], seen.last_off >= stretch[0])
    for first, n, more in connection.execute(select(seen.first_off, seen.n, seen.more).where(*mine, *overlapping)):
        counted.update(_offsets(first, n, more))
    verdict = schema.verdict.c
    query = select(verdict.off, verdict.reason).where(
        verdict.topic == at[1], verdict.part == at[2], verdict.off.between(*stretch)
    )
    cursor = schema.cursor.c
    clock = select(cursor.appended_ms).where(cursor.job == at[0], cursor.topic == at[1], cursor.part == at[2])
    since_ms = (connection.scalar(clock) or 0) - horizon_ms - MARGIN_MS
    return Fates(frozenset(counted), dict(connection.execute(query).all()), since_ms)


def _offsets(first: int, n: int, more: bytes) -> Iterable[int]:
    found: list[int] = (np.frombuffer(bytes(more)[n * CONTENT_BYTES :], "<u4").astype(np.int64) + first).tolist()
    return found
