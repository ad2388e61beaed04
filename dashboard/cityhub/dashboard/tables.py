"""Tables as data: the same rows for the screen and for the CSV file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, structs

from cityhub.dashboard import formats
from cityhub.dashboard.address import Order
from cityhub.dashboard.facts import KpiFacts, Window
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import KpiValue, Label

Cell = str | int | float | None


class Column(Struct, frozen=True):
    """A column: what it is sorted by (None: not at all), its head with the unit, and how its numbers are written.

    Attributes:
        decimals: None for text.
    """

    key: str | None
    head: str
    decimals: int | None = None


class Table(Struct, frozen=True, kw_only=True):
    """Rows of cells; None is unknown.

    Attributes:
        parameter: name of the query parameter that holds the order.
        bars: index of the column that is drawn as a bar as well.
    """

    caption: str
    parameter: str
    order: Order
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bars: int | None = None


def counted_noun(definition: KpiDefinition, lang: Lang) -> str:
    """What the KPI counts, such as departures."""
    name = definition.measure.ratio.over.name
    return name.get(lang) if name else t(lang, T.EVENTS)


def note_of(facts: KpiFacts, value: KpiValue, lang: Lang) -> str:
    """Everything a reader has to know beside the number; `final` goes without saying."""
    notes = {
        T.PROVISIONAL: value.label is Label.PROVISIONAL,
        T.CORRECTED: value.label is Label.CORRECTED,
        T.INCOMPLETE: facts.incomplete(value),
        T.SIMULATION: value.synthetic,
    }
    return " · ".join(t(lang, note) for note, holds in notes.items() if holds)


def series_table(view: View, facts: KpiFacts, windows: Sequence[Window], order: Order) -> Table:
    """The numbers of the chart; windows without data have no row."""
    lang = view.lang
    values = _ordered([window.value for window in windows if window.value], order, lambda value: value.start)
    return _table(
        facts,
        lang,
        values,
        caption=t(lang, T.NUMBERS),
        parameter="series",
        order=order,
        first=t(lang, T.SPAN),
        name_of=lambda value: formats.window(value.window, value.start, value.end, lang),
    )


def dimension_table(view: View, facts: KpiFacts, dimension: str, values: Sequence[KpiValue], order: Order) -> Table:
    """One window split by a dimension."""
    lang, shown = view.lang, values[0]
    name = t(lang, T.LINE) if dimension == "line" else dimension
    period = formats.period(shown.window, shown.start, shown.end, view.now, lang)
    table = _table(
        facts,
        lang,
        _ordered(values, order, lambda value: _natural(value.dimensions[dimension])),
        caption=t(lang, T.BY_DIMENSION, dimension=name, period=period),
        parameter="lines",
        order=order,
        first=capital(name),
        name_of=lambda value: value.dimensions[dimension],
    )
    return structs.replace(table, bars=1)


def _table(
    facts: KpiFacts,
    lang: Lang,
    values: Sequence[KpiValue],
    *,
    caption: str,
    parameter: str,
    order: Order,
    first: str,
    name_of: Callable[[KpiValue], str],
) -> Table:
    definition = facts.definition
    beside = [(key, term.name.get(lang) if term.name else key) for key, term in definition.beside.items()]
    return Table(
        caption=caption,
        parameter=parameter,
        order=order,
        columns=(
            Column("period", first),
            Column("value", t(lang, T.COLUMN_VALUE, unit=definition.unit), 1),
            Column("n", capital(counted_noun(definition, lang)), 0),
            *(Column(None, capital(name), 0) for _, name in beside),
            Column(None, t(lang, T.COLUMN_NOTE)),
        ),
        rows=tuple(
            (
                name_of(value),
                value.value,
                value.denominator,
                *(value.beside.get(key, 0) for key, _ in beside),
                note_of(facts, value, lang),
            )
            for value in values
        ),
    )


def _ordered(values: Sequence[KpiValue], order: Order, period: Callable[[KpiValue], Any]) -> Sequence[KpiValue]:
    """Sorted as asked; unknown values come last in both directions."""
    keys: dict[str, Callable[[KpiValue], Any]] = {
        "period": period,
        "value": lambda value: value.value,
        "n": lambda value: value.denominator,
    }
    key = keys[order.column]
    known = [value for value in values if key(value) is not None]
    unknown = [value for value in values if key(value) is None]
    return sorted(known, key=key, reverse=order.descending) + unknown


def _natural(name: str) -> tuple[int, str]:
    """Line 9 before line 10 before line NE1."""
    digits = "".join(sign for sign in name if sign.isdigit())
    return (int(digits) if name.isdigit() else 10**9, name)


def capital(text: str) -> str:
    """With a capital first letter, as names of columns have."""
    return text[:1].upper() + text[1:]
