"""From an address to a number that can be opened, and what is said where it cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from cityhub.api.cut import Cut, DimensionInput, cut_of
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing, BusError, BusUnavailable
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError, StoreUnavailable
from cityhub.kpi.kernel.windows import Window, window_at
from cityhub.kpi.proof.service import Number, number
from cityhub.kpi.reader import anchor_of, instant
from cityhub.kpi.values import KpiValue

_log = structlog.get_logger()


class Opening(Struct, frozen=True):
    """A number that can be opened.

    Attributes:
        asked: what names it, window and instant included. shown: what is published of it, None = nothing.
    """

    number: Number
    asked: Asked
    window: Window
    shown: KpiValue | None

    def beside(self, *, later: bool) -> Asked:
        """The window after this one, or the one before."""
        at = self.window.end if later else self.window.anchor - 1
        anchor = window_at(self.window.kind, at).anchor
        return Asked(self.asked.window, instant(anchor), self.asked.scope, self.asked.dimensions)


def opening_of(view: View, definition: KpiDefinition, asked: Asked) -> Opening | None:
    """The number an address asks for; None where nothing was counted yet.

    Raises:
        InvalidArgument: the KPI has no such window, place or dimension.
    """
    held = [DimensionInput(name=name, value=value) for name, value in asked.dimensions]
    cut = cut_of(definition, asked.window, asked.scope, held)
    at = asked.at
    if at is None:
        newest = _newest(view, cut, view.now) or _newest(view, cut, None)
        if newest is None:
            return None
        at = anchor_of(newest)
    window = window_at(cut.window, int(at.timestamp()))
    anchor = instant(window.anchor)
    found = view.reader.series(
        cut.kpi_id, cut.window, anchor, anchor + timedelta(seconds=1), scope=cut.scope, dimensions=cut.dimensions
    )
    return Opening(
        number(cut.kpi_id, cut.window, anchor, scope=cut.scope, dimensions=cut.dimensions),
        Asked(cut.window, anchor, cut.scope, asked.dimensions),
        window,
        found[0] if found else None,
    )


def _newest(view: View, cut: Cut, ended_by: datetime | None) -> KpiValue | None:
    return view.reader.latest(cut.kpi_id, cut.window, scope=cut.scope, dimensions=cut.dimensions, ended_by=ended_by)


def trouble(error: KpiError | BusError, lang: Lang) -> str:
    """Why a number cannot be opened, and what to do; what was wrong inside goes to the log."""
    _log.warning("number_not_opened", error=str(error))
    match error:
        case ArchiveMissing():
            return t(lang, P.NOT_ARCHIVED)
        case ArchiveDamaged():
            return t(lang, P.ARCHIVE_DAMAGED)
        case BusUnavailable() | StoreUnavailable():
            return t(lang, P.TRY_AGAIN)
    return t(lang, P.CANNOT_OPEN)
