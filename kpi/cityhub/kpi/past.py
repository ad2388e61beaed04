"""What a window showed at an instant, and what it shows now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from cityhub.kpi.reader import KpiReader, anchor_of
from cityhub.kpi.values import KpiValue, WindowKind

_NUMBERS = ("value", "numerator", "denominator", "n", "beside", "named", "coverage")


class Past(NamedTuple):
    """One window, twice; `now` may be by another version of the definition."""

    then: KpiValue
    now: KpiValue

    @property
    def changed(self) -> bool:
        """Whether a number is another one since; labels settle without that."""
        return any(getattr(self.then, name) != getattr(self.now, name) for name in _NUMBERS)


def past(reader: KpiReader, kpi_id: str, window: WindowKind, at: datetime) -> Past | None:
    """The newest window that was over at an instant, for the whole city. Arguments, None and errors as `as_of`."""
    then = reader.as_of(kpi_id, window, at)
    if then is None:
        return None
    anchor = anchor_of(then)
    (now,) = reader.series(kpi_id, window, anchor, anchor + timedelta(seconds=1))
    return Past(then, now)
