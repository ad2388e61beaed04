"""How settled a number is: provisional, final, corrected with the reasons (docs/time.md).

A label is a function of the record. A partition's clock is the running maximum of its append times, or the instant up
to which it is known to be complete when that is later; an *arrival* is what the clock showed when an event was counted.
Clocks only grow, so a label goes from provisional over final to corrected and never back, whoever looks and how often.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from cityhub.kpi.values import Label


class Reason(StrEnum):
    """Why a number changed after it could be final. Closed set, in the order in which reasons are shown."""

    DEFINITION = "definition"
    """Another version of the definition."""
    ENGINE = "engine"
    """Another meaning of the same definition."""
    REFERENCE = "reference"
    """A denominator was recorded or changed."""
    CORRECTION = "correction"
    """A higher version of an entity."""
    RETRACTION = "retraction"
    """An entity was taken back."""
    LATE = "late"
    """An event arrived after the window could be final."""


BY_EVENTS = (Reason.LATE, Reason.CORRECTION, Reason.RETRACTION)
"""The reasons for which events change a number; the store writes a reason's place in here."""


class Settled(NamedTuple):
    """A label; `reasons` in the order of `Reason`, empty unless corrected."""

    label: Label
    reasons: tuple[Reason, ...]


def deadline_ms(*, window_end_s: int, lateness_s: int, first_ms: int, patience_s: int | None = None) -> int:
    """Instant after which an arrival is late: `lateness_s` after the window's end or its first arrival, the later one.

    Counting from the first arrival gives a window that is delivered long after its end the same time to be completed;
    or another one, `patience_s`.
    """
    patience_s = lateness_s if patience_s is None else patience_s
    return max((window_end_s + lateness_s) * 1000, first_ms + patience_s * 1000)


def label_of(
    *,
    window_end_s: int,
    lateness_s: int,
    first_ms: int,
    settled_ms: int,
    changed_ms: Mapping[Reason, int],
    patience_s: int | None = None,
) -> Settled:
    """Label of a window's number.

    Args:
        first_ms: arrival of the first event the number is made of.
        settled_ms: the slowest clock among all partitions of all sources.
        changed_ms: for each way in which the number ever changed, when it last did: the arrival of the newest event
            that was no higher version (`LATE`), of the newest higher version or retraction, the recording of the
            reference, the start of the definition's version or of the engine's meaning. A number's first definition
            and engine are no change.
    """
    deadline = deadline_ms(window_end_s=window_end_s, lateness_s=lateness_s, first_ms=first_ms, patience_s=patience_s)
    if settled_ms <= deadline:  # at the deadline itself, more records of the same millisecond may follow
        return Settled(Label.PROVISIONAL, ())
    reasons = tuple(reason for reason in Reason if changed_ms.get(reason, deadline) > deadline)
    return Settled(Label.CORRECTED if reasons else Label.FINAL, reasons)
