"""Tables as data: the same rows for the screen and for the CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from msgspec import Struct

from cityhub.dashboard import formats, units
from cityhub.dashboard.address import EventsPage
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.dimension_names import dimension_name, dimension_value
from cityhub.dashboard.facts import KpiFacts, Window
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import is_reliable
from cityhub.kpi.definition import Baseline
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.naming import counted, counted_noun, named_values, stands_beside
from cityhub.kpi.values import KpiValue, Label


class Shown(Struct, frozen=True):
    """A cell that the screen draws in a form of its own: links, marks, code.

    Attributes:
        says: what stands in the file.
    """

    says: str
    drawn: Component | None


Cell = str | int | float | Shown | None

_REASONS = {
    Reason.DEFINITION: T.REASON_DEFINITION,
    Reason.ENGINE: T.REASON_ENGINE,
    Reason.REFERENCE: T.REASON_REFERENCE,
    Reason.CORRECTION: T.REASON_CORRECTION,
    Reason.RETRACTION: T.REASON_RETRACTION,
    Reason.LATE: T.REASON_LATE,
}


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
        parameter: name of the table and of its file; where it can be sorted, of the query parameter with the order.
        bars: columns that are drawn as bars as well, by index, with the number that fills the bar.
        links: where the rows lead, in their order; empty, or "" for a row, = nowhere.
    """

    caption: str
    parameter: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    order: Order = Order()
    bars: Mapping[int, float] = {}
    links: tuple[str, ...] = ()


def reasons_of(value: KpiValue, lang: Lang) -> str:
    """Why a value was corrected, in words; "" when no reason is recorded."""
    return ", ".join(t(lang, _REASONS[Reason(reason)]) for reason in value.reasons)


def missing_words(value: KpiValue | None, lang: Lang) -> str:
    """Why there is no number: it is withheld, or unknown."""
    if value is None or not value.suppressed:
        return t(lang, T.UNKNOWN_VALUE)
    return t(lang, T.SMALL_GROUP, n=value.minimum_group)


def notes_of(facts: KpiFacts, value: KpiValue, lang: Lang, *, brief: bool = False) -> list[str]:
    """How settled and complete a number is; `final` goes without saying, and briefly the reasons do."""
    notes = []
    if value.label is Label.PROVISIONAL:
        notes.append(t(lang, T.PROVISIONAL))
    if value.label is Label.CORRECTED:
        reasons = "" if brief else reasons_of(value, lang)
        notes.append(t(lang, T.CORRECTED_BY, reasons=reasons) if reasons else t(lang, T.CORRECTED))
    if facts.incomplete(value):
        notes.append(t(lang, T.INCOMPLETE))
    return notes


def series_table(view: View, facts: KpiFacts, windows: Sequence[Window], order: Order) -> Table:
    """The numbers of the chart; windows without data have no row."""
    lang = view.lang
    values = ordered(facts, [window.value for window in windows if window.value], order, lambda value: value.end)
    columns, rows = columns_and_rows(facts, lang, values, t(lang, T.SPAN), lambda value: _window_name(value, lang))
    links, published = event_links(view, values), facts.definition.baseline
    return Table(
        caption=t(lang, T.NUMBERS),
        parameter="series",
        order=order,
        columns=columns,
        rows=(*rows, *(_published(one, len(columns), lang) for one in published)) if rows else (),
        links=(*links, *[""] * len(published)) if links else (),
    )


def _published(baseline: Baseline, width: int, lang: Lang) -> tuple[Cell, ...]:
    """A figure that others published, below those that were counted."""
    note = t(lang, S.PUBLISHED, source=baseline.source)
    return (baseline.period, baseline.value, *["–"] * (width - 3), note)


def dimension_table(view: View, facts: KpiFacts, values: Sequence[KpiValue], order: Order, dimension: str) -> Table:
    """One window split by a dimension."""
    lang, shown, definition = view.lang, values[0], facts.definition
    name = dimension_name(definition, dimension, lang)

    def part(value: KpiValue) -> str:
        held = value.dimensions[dimension]
        return dimension_value(dimension, held, lang) if held else t(lang, T.UNKNOWN_VALUE)

    values = ordered(facts, values, order, lambda value: _natural(part(value)))
    columns, rows = columns_and_rows(facts, lang, values, capital(name), part)
    full = 100.0 if definition.unit == "%" else max((value.value or 0.0 for value in values), default=0.0)
    return Table(
        caption=t(
            lang,
            T.BY_DIMENSION,
            dimension=name,
            period=formats.period(shown.window, shown.start, shown.end, view.now, lang),
        ),
        parameter="lines",
        order=order,
        columns=columns,
        rows=rows,
        bars={1: full} if full > 0 else {},
        links=event_links(view, values),
    )


def event_links(view: View, values: Sequence[KpiValue]) -> tuple[str, ...]:
    """To the events behind each value."""
    if view.proofs is None:
        return ()
    return tuple(EventsPage(value.kpi_id, Asked.of(value)).address for value in values)


def columns_and_rows(
    facts: KpiFacts, lang: Lang, values: Sequence[KpiValue], first: str, name_of: Callable[[KpiValue], str]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Heads and rows: name, value, what it is made of, what stands beside it, how much was observed, notes."""
    definition = facts.definition
    names = named_values(definition)
    beside = [[one.value for one in stands_beside(definition, value)] for value in values]
    observed = any(value.coverage is not None for value in values)
    columns = [
        Column("period", first),
        number_column("value", t(lang, T.COLUMN_VALUE), definition.unit, [value.value for value in values], lang),
        Column("n", capital(counted_noun(definition, lang)), 0),
        *(
            number_column(None, capital(text.title.get(lang)), text.unit, [row[at] for row in beside], lang)
            for at, text in enumerate(names.values())
        ),
        *([number_column(None, t(lang, T.COLUMN_COVERAGE), "%", [], lang)] if observed else []),
        Column(None, t(lang, T.COLUMN_NOTE)),
    ]
    rows = [
        (
            name_of(value),
            gone or value.value,
            gone or counted(definition, value),
            *([gone] * len(further) if gone else further),
            *([None if value.coverage is None else value.coverage * 100] if observed else []),
            " · ".join(row_notes(facts, value, lang)),
        )
        for value, further in zip(values, beside, strict=True)
        for gone in (t(lang, T.WITHHELD) if value.suppressed else None,)
    ]
    return tuple(columns), tuple(rows)


def row_notes(facts: KpiFacts, value: KpiValue, lang: Lang) -> Iterator[str]:
    """Everything a reader of a row has to know beside the number."""
    yield from notes_of(facts, value, lang)
    if value.suppressed:
        yield missing_words(value, lang)
    elif value.minimum_group:
        yield t(lang, T.ROUNDED, n=value.minimum_group)
    if not is_reliable(value):
        yield t(lang, T.UNRELIABLE)
    if value.synthetic:
        yield t(lang, T.SIMULATION)


def number_column(key: str | None, name: str, unit: str, numbers: Sequence[float | None], lang: Lang) -> Column:
    """A column of numbers with one precision and its unit in the head."""
    sign = units.sign(unit, lang)
    head = t(lang, T.COLUMN_IN_UNIT, name=name, unit=sign) if sign else name
    return Column(key, head, units.decimals(unit, *(number for number in numbers if number is not None)))


def _window_name(value: KpiValue, lang: Lang) -> str:
    return formats.window(value.window, value.start, value.end, lang)


def ordered(
    facts: KpiFacts, values: Sequence[KpiValue], order: Order, period: Callable[[KpiValue], Any]
) -> Sequence[KpiValue]:
    """Sorted as asked; unknown values come last in both directions."""
    keys: dict[str, Callable[[KpiValue], Any]] = {
        "period": period,
        "value": lambda value: value.value,
        "n": lambda value: None if value.suppressed else counted(facts.definition, value),
    }
    key = keys[order.column]
    known = [value for value in values if key(value) is not None]
    unknown = [value for value in values if key(value) is None]
    return sorted(known, key=key, reverse=order.descending) + unknown


def _natural(name: str) -> tuple[int, str]:
    """Line 9 before line 10 before line NE1."""
    return (int(name) if name.isdecimal() else 10**9, name)


def capital(text: str) -> str:
    """With a capital first letter, as names of columns have."""
    return text[:1].upper() + text[1:]
