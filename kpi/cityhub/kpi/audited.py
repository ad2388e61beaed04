"""What an audit of a definition found: stream against batch, bit for bit."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class EventAt(Struct, frozen=True):
    """An event by its place in the log."""

    topic: str
    part: int
    off: int
    id: str


class Difference(Struct, frozen=True):
    """A bucket in which stream and batch differ.

    Attributes:
        layer, start (epoch s), scope, dims: the bucket. column: `n`, `digest`, `v0` …, or `histogram/bin`.
        stored, recomputed: both numbers, as text, because a digest has 128 bits.
        events: those that the batch counts there, the first of them.
    """

    layer: str
    start: int
    scope: str
    dims: tuple[str, ...]
    column: str
    stored: str
    recomputed: str
    events: tuple[EventAt, ...] = ()


class Audit(Struct, frozen=True, kw_only=True):
    """What an audit of one definition found.

    Attributes:
        since: buckets before were let go and are not compared, epoch s; None = all are. buckets: compared ones.
        events: records of its topics up to the cut. mismatches: numbers that differ, all of them.
        differences: the first of them. took_ms: CPU time.
        trouble: why nothing could be compared; "" = it could.
    """

    kpi: str
    version: int
    hash: str
    buckets: int = 0
    events: int = 0
    mismatches: int = 0
    differences: tuple[Difference, ...] = ()
    took_ms: int = 0
    trouble: str = ""
    since: int | None = None

    @property
    def clean(self) -> bool:
        """Whether stream and batch agree."""
        return not self.mismatches and not self.trouble


class AuditState(Struct, frozen=True):
    """The newest audit of a KPI.

    Attributes:
        at: when its cut was taken. clean_at: cut of the newest one that found stream and batch to agree, None = none.
    """

    at: datetime
    clean_at: datetime | None
    audit: Audit
