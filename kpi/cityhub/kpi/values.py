"""What readers get: window values and series. One shape for screen, API, files and the topic `du.kpi.value.v1`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class WindowKind(StrEnum):
    """Windows a value can be asked for; nights, days and longer ones are local, Europe/Berlin (docs/time.md)."""

    MINUTE = "minute"
    FIVE_MINUTES = "five-minutes"
    QUARTER_HOUR = "quarter-hour"
    HOUR = "hour"
    NIGHT = "night"
    DAY = "day"
    SEVEN_DAYS = "seven-days"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    YEAR_TO_DATE = "year-to-date"
    SCHOOL_YEAR = "school-year"


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
        coverage: share of the time that was observed, 0 to 1; None where the measure has no such share.
        named: further values of the same KPI in `unit` or their own, e.g. `{"p90": 12.5}`; None = unknown.
        reasons: why a corrected value changed after it was final (`kernel.label.Reason`).
        references: the denominators that were applied, by name, as scaled integers.
        definition_hash: SHA-256 (hex) of the definition the value was made with; "" in values of older engines.
        late_n: of `n`, how many arrived after the window could be final.
        suppressed: withheld, because few people are behind it or behind a number that would follow from it: `value` is
            None, its integers say nothing.
        minimum_group: of a KPI about people the smallest group that is shown; its counts are rounded to multiples of
            it (docs/meaning.md, "People"). 0 = not about people, counts are exact.
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
    coverage: float | None = None
    named: dict[str, float | None] = {}
    reasons: tuple[str, ...] = ()
    references: dict[str, int] = {}
    definition_hash: str = ""
    late_n: int = 0
    suppressed: bool = False
    minimum_group: int = 0

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


class State(StrEnum):
    """What a decision for a version of a KPI has come to."""

    INITIAL = "initial"
    WANTED = "wanted"
    ACTIVE = "active"
    REFUSED = "refused"


class Decision(Struct, frozen=True, kw_only=True):
    """That a version of a KPI is to be counted. The newest one that is initial or active says which version is.

    Attributes:
        number: of the KPI's decisions, from 1.
        definition_hash: of the version as it was then; "" = decided by an older engine.
        decided: by the wall clock, None = not known. who, why: a person and the reason, as they were given.
        active: since when it counts, by the broker's clock; None = it does not yet, or always did.
        detail: why it was refused, or what it waits for.
        done: while it is wanted, the share of the log that the version has counted, 0 to 1.
    """

    kpi_id: str
    number: int
    version: int
    definition_hash: str
    decided: datetime | None
    who: str
    why: str
    state: State
    active: datetime | None = None
    detail: str = ""
    done: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the version was ever counted live."""
        return self.state in {State.INITIAL, State.ACTIVE}
