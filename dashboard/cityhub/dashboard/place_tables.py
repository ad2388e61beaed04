"""Tables that hold a number against others of its kind: of the boroughs, and of other periods."""

from __future__ import annotations

from collections.abc import Mapping

from cityhub.dashboard import formats
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.boroughs import PLACES
from cityhub.dashboard.components.marks import STATUS_WORD
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.tables import (
    Cell,
    Column,
    Table,
    columns_and_rows,
    event_links,
    number_column,
    ordered,
    row_notes,
)
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import Status, trend_of
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import Ask, anchor_of, instant
from cityhub.kpi.standing import a_year_before
from cityhub.kpi.values import KpiValue, WindowKind

_NAMES = {place.scope: place.name for place in PLACES}
_NO_PERIOD_BEFORE = frozenset({WindowKind.YEAR_TO_DATE})
"""The day before is part of the same year."""
_NO_YEAR_BEFORE = frozenset({WindowKind.YEAR, WindowKind.SCHOOL_YEAR})
"""The period before is it."""


def borough_values(view: View, facts: KpiFacts) -> Mapping[str, KpiValue]:
    """The shown window in each borough that has a value; nothing where the KPI is not counted by borough."""
    shown = facts.shown
    if shown is None or "borough" not in facts.definition.scopes:
        return {}
    asks = [Ask.one(shown.kpi_id, shown.window, anchor_of(shown), place.scope) for place in PLACES]
    return {found[0].scope: found[0] for found in view.reader.read(asks) if found}


def borough_table(view: View, facts: KpiFacts, values: Mapping[str, KpiValue], order: Order) -> Table:
    """All seven boroughs; those without a value say so and come last where values are sorted."""
    lang = view.lang
    known = ordered(facts, list(values.values()), order, lambda value: value.scope)
    columns, rows = columns_and_rows(facts, lang, known, t(lang, S.BOROUGH), lambda value: _NAMES[value.scope])
    status = Column(None, t(lang, S.STATUS))
    statuses = [t(lang, STATUS_WORD[facts.status_at(value)]) for value in known]
    silent = [place.name for place in PLACES if place.scope not in values]
    nothing: tuple[Cell, ...] = (*["–"] * (len(columns) - 2), t(lang, STATUS_WORD[Status.NO_DATA]), "")
    return Table(
        caption=t(lang, S.BY_BOROUGH, period=_period(view, facts.shown)),
        parameter="boroughs",
        order=order,
        columns=(*columns[:-1], status, columns[-1]),
        rows=(
            *((*row[:-1], words, row[-1]) for row, words in zip(rows, statuses, strict=True)),
            *((name, *nothing) for name in silent),
        ),
        links=(*event_links(view, known), *[""] * len(silent)) if view.proofs else (),
    )


def comparison_table(view: View, facts: KpiFacts) -> Table | None:
    """The shown period, the one before and the same one a year ago, with what changed since; None without a value."""
    lang, shown = view.lang, facts.shown
    if shown is None:
        return None
    asked = _others(shown)
    found = {
        words: answer[0] if answer else None
        for words, answer in zip(asked, view.reader.read([*asked.values()]), strict=True)
    }
    values = [shown, *(value for value in found.values() if value)]
    rows = [_row(view, facts, S.THIS_PERIOD, shown), *(_row(view, facts, *pair) for pair in found.items())]
    return Table(
        caption=t(lang, S.COMPARISON),
        parameter="comparison",
        columns=(
            Column(None, t(lang, S.COMPARED_WITH)),
            Column(None, t(lang, S.WHEN)),
            number_column(None, t(lang, T.COLUMN_VALUE), shown.unit, [value.value for value in values], lang),
            Column(None, t(lang, S.CHANGE_SINCE)),
            Column(None, t(lang, T.COLUMN_NOTE)),
        ),
        rows=tuple(rows),
    )


def _others(shown: KpiValue) -> Mapping[S, Ask]:
    found = {}
    if shown.window not in _NO_PERIOD_BEFORE:
        before = instant(window_at(shown.window, int(shown.start.timestamp()) - 1).anchor)
        found[S.PERIOD_BEFORE] = Ask.one(shown.kpi_id, shown.window, before)
    if shown.window not in _NO_YEAR_BEFORE:
        found[S.YEAR_BEFORE] = a_year_before(shown)
    return found


def _row(view: View, facts: KpiFacts, words: S, value: KpiValue | None) -> tuple[Cell, ...]:
    lang, shown = view.lang, facts.shown
    if value is None:
        return (t(lang, words), "", None, "", t(lang, S.NOT_RECORDED))
    trend = None if value is shown or facts.incomplete(value) else trend_of(facts.definition, shown, value, facts.goal)
    change = formats.difference(trend.change, value.unit, lang) if trend else ""
    period = formats.window(value.window, value.start, value.end, lang)
    return (t(lang, words), period, value.value, change, " · ".join(row_notes(facts, value, lang)))


def _period(view: View, value: KpiValue | None) -> str:
    return formats.period(value.window, value.start, value.end, view.now, view.lang) if value else ""
