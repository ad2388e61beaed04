"""What readers get: window values and series. One shape for screen, API, files and the topic `du.kpi.value.v1`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class WindowKind(StrEnum):
    """Windows a value can be asked for; local ones follow Europe/Berlin."""

    HOUR = "hour"
    DAY = "day"


class Label(StrEnum):
    """How settled a value is (docs/time.md)."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    CORRECTED = "corrected"


class KpiValue(Struct, frozen=True, kw_only=True):
    """The value of one KPI in one window.

    Attributes:
        scope: `city`, `STB01` … `STB07`.
        dimensions: e.g. `{"line": "901"}`; empty = all.
        start, end: half-open window in UTC.
        value: in `unit`; None = unknown, which is never 0.
        numerator, denominator: the integers the value was divided from.
        beside: named counts shown next to the value, e.g. `{"cancelled": 3}`.
        n: events counted into the value; synthetic_n: how many of them come from a simulation.
        digest: 128-bit digest of the counted events, 32 hex digits.
        revision: grows by one with every change of this window.
        inputs_up_to: append time of the newest event the value knows of.
    """

    kpi_id: str
    definition_version: int
    scope: str
    dimensions: dict[str, str]
    window: WindowKind
    start: datetime
    end: datetime
    value: float | None
    unit: str
    numerator: int
    denominator: int
    beside: dict[str, int]
    n: int
    synthetic_n: int
    digest: str
    label: Label
    revision: int
    inputs_up_to: datetime

    @property
    def synthetic(self) -> bool:
        """Whether any counted event comes from a simulation."""
        return self.synthetic_n > 0


class StreamState(Struct, frozen=True, kw_only=True):
    """What the engine has read of one event topic.

    Attributes:
        records: read so far; rejected: of these, dead-lettered by the engine; duplicates: of these, repeated ids.
        newest_append: append time of the newest record read; newest_event: latest `time` among counted events.
    """

    topic: str
    partner: str
    records: int
    rejected: int
    duplicates: int
    newest_append: datetime | None
    newest_event: datetime | None
    synthetic: bool
