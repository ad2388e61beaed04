"""The events behind a number, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component
from msgspec.structs import replace

from cityhub.api.access import may_open, may_see_things
from cityhub.api.errors import InvalidArgument
from cityhub.bus.errors import BusError
from cityhub.dashboard import formats
from cityhub.dashboard.address import EventsPage, KpiPage
from cityhub.dashboard.components.breadcrumb import breadcrumb
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.proof import receipt_parts
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.dimension_names import dimension_name, dimension_value
from cityhub.dashboard.opening import Opening, opening_of, trouble
from cityhub.dashboard.proof_rows import events_table, items_of, reason_words
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError
from cityhub.kpi.proof.explain import Page
from cityhub.kpi.reader import instant

ROWS = 25
_SHOWN = 3
"""Columns that are always there; the others stand behind `details`, and the subject where it may be seen."""


def events_page(view: View, page: EventsPage, definition: KpiDefinition) -> Component:
    """Draw a page of the events behind a number of a KPI, for a viewer who may see it.

    Raises:
        InvalidArgument: the KPI has no such number, or events of one thing are not for the viewer.
    """
    if page.subject and not may_see_things(view.viewer, definition):
        raise InvalidArgument("subject: which things events are of is told to the city and to their partner")
    opening = opening_of(view, definition, page.asked)
    if not may_open(view.viewer, definition):
        people = html.P(t(view.lang, P.FOR_CONTROLLERS), id="events-people")
        return html.Div([*_head(view, definition, opening), people], className="kpi-page")
    head = _head(view, definition, opening)
    if opening is None or view.proofs is None:
        return html.Div([*head, html.P(t(view.lang, P.NOTHING_TO_PROVE))], className="kpi-page")
    page = replace(page, asked=opening.asked)
    body: list[Any] = [_periods(view, page, opening)]
    try:
        found = view.proofs.page(
            opening.number, first=page.page * ROWS, size=ROWS, excluded=page.excluded, subject=page.subject
        )
    except (KpiError, BusError) as error:
        words = [icon("warning"), trouble(error, view.lang)]
        body.append(html.P(words, role="alert", id="events-trouble", className="trouble"))
    else:
        body += [*_only(page, view.lang), *_lead(view, found), *_events(view, page, definition, found)]
    receipt = html.Section(
        [html.H2(t(view.lang, P.PROOF)), *receipt_parts(view, page.kpi_id, page.asked)], className="card proof"
    )
    return html.Div([*head, html.Section(body, className="card proof"), receipt], className="kpi-page events-page")


def _head(view: View, definition: KpiDefinition, opening: Opening | None) -> Sequence[Component | None]:
    lang, shown = view.lang, opening.shown if opening else None
    field = next((field for field in view.reader.catalogue.fields if field.id == definition.field), None)
    name = link(definition.name.get(lang), KpiPage(definition.id).path, id="events-kpi")
    return [
        simulation_banner(lang) if shown and shown.synthetic else None,
        breadcrumb(lang, field, t(lang, T.KPI_KIND, id=definition.id)),
        html.H1([t(lang, P.OPEN_EVENTS), ": ", name], id="headline", tabIndex="-1"),
    ]


def _periods(view: View, page: EventsPage, opening: Opening) -> Component:
    """Which number it is, and the ones before and after."""
    lang, window = view.lang, opening.window
    names = [formats.period(window.kind, instant(window.start), instant(window.end), view.now, lang)]
    definition = view.reader.catalogue[page.kpi_id]
    names += [
        f"{dimension_name(definition, name, lang)} {dimension_value(name, value, lang)}"
        for name, value in page.asked.dimensions
    ]
    names += [page.asked.scope] if page.asked.scope != "city" else []
    value = value_words(opening.shown, lang) if opening.shown else t(lang, T.NO_DATA)
    links = [_window_link(lang, page, opening, P.EARLIER)]
    if window.end <= view.now.timestamp():
        links.append(_window_link(lang, page, opening, P.LATER))
    return html.Div(
        [
            html.P([html.Strong(value, className="figure-medium"), " ", ", ".join(names)], id="events-number"),
            html.Nav(links, className="switch", **{"aria-label": t(lang, P.PERIODS)}),
        ],
        className="section-head",
    )


def _only(page: EventsPage, lang: Lang) -> Sequence[Component]:
    """Which thing the events are of, and the way to all of them; nothing where they are of all."""
    if not page.subject:
        return []
    everything = link(t(lang, P.ALL_SUBJECTS), EventsPage(page.kpi_id, page.asked).address, id="events-everything")
    return [html.P([t(lang, P.ONLY_SUBJECT, subject=page.subject), " ", everything], id="events-subject")]


def _window_link(lang: Lang, page: EventsPage, opening: Opening, words: P) -> Component:
    there = replace(page, asked=opening.beside(later=words is P.LATER), page=0)
    return link(t(lang, words), there.address, id=f"events-{words.name.lower()}", className="choice")


def _lead(view: View, found: Page) -> Sequence[Component]:
    lang = view.lang
    counted, excluded = (formats.number(count, lang) for count in (found.counted, found.excluded))
    words = [t(lang, P.EVENTS_LEAD, counted=counted, excluded=excluded)]
    if found.reasons:
        reasons = (
            f"{reason_words(name, lang)} ({formats.number(count, lang)})" for name, count in found.reasons.items()
        )
        words.append(t(lang, P.EVENTS_REASONS, reasons=", ".join(reasons)))
    return [html.P(" ".join(words), id="events-lead")]


def _events(view: View, page: EventsPage, definition: KpiDefinition, found: Page) -> Sequence[Component]:
    """The single events; who is not logged in is told how many there are."""
    lang = view.lang
    if view.viewer is None:
        return [html.P(t(lang, P.LOG_IN_TO_SEE), id="events-log-in")]
    choices = html.Div([_choice(page, lang), _csv_link(page, lang)], className="section-head")
    items = items_of(found)
    if not items:
        return [choices, html.P(t(lang, P.NONE), id="events-none")]
    count = found.excluded if page.excluded else found.counted
    return [choices, _table(view, page, definition, found), _pages(page, len(items), count, lang)]


def _choice(page: EventsPage, lang: Lang) -> Component:
    choices = [
        link(
            t(lang, words),
            replace(page, excluded=excluded, page=0).address,
            id=f"events-{words.name.lower()}",
            className="choice",
            **{"aria-current": str(excluded == page.excluded).lower()},
        )
        for excluded, words in ((False, P.COUNTED), (True, P.EXCLUDED))
    ]
    return html.Nav(choices, className="switch", **{"aria-label": t(lang, P.SHOWN)})


def _csv_link(page: EventsPage, lang: Lang) -> Component:
    return html.A(
        [icon("download"), t(lang, T.CSV)],
        href=f"{page.path}.csv?{page.query}&lang={lang}",
        className="button",
        id="events-csv",
        **{"aria-label": t(lang, P.CSV_OF_EVENTS)},
    )


def _table(view: View, page: EventsPage, definition: KpiDefinition, found: Page) -> Component:
    lang = view.lang
    table = events_table(view, definition, items_of(found), excluded=page.excluded)
    heads = [column.head for column in table.columns]
    shown = _SHOWN + any(row[_SHOWN] for row in table.rows)
    rows = [_row(lang, heads, [str(cell) for cell in row], shown) for row in table.rows]
    drawn = dmc.Table(
        [
            dmc.TableThead(dmc.TableTr([dmc.TableTh(head) for head in [*heads[:shown], t(lang, P.ORIGIN)]])),
            dmc.TableTbody(rows, id="events-rows"),
        ],
        id="events-table",
        **{"aria-labelledby": "headline"},
    )
    scroll: dict[str, Any] = {"role": "region", "tabIndex": "0", "aria-labelledby": "headline"}
    return html.Div(drawn, className="table-scroll", **scroll)


def _row(lang: Lang, heads: Sequence[str], row: Sequence[str], shown: int) -> Component:
    pairs = [(head, cell) for head, cell in zip(heads[_SHOWN + 1 :], row[_SHOWN + 1 :], strict=True) if cell]
    terms = [part for head, cell in pairs for part in (html.Dt(head), html.Dd(html.Code(cell)))]
    origin = html.Details([html.Summary(t(lang, P.DETAILS)), html.Dl(terms)])
    return dmc.TableTr([dmc.TableTh(row[0]), *map(dmc.TableTd, row[1:shown]), dmc.TableTd(origin)])


def _pages(page: EventsPage, shown: int, count: int, lang: Lang) -> Component:
    first = page.page * ROWS
    words = t(
        lang,
        P.ROWS,
        first=formats.number(first + 1, lang),
        last=formats.number(first + shown, lang),
        all=formats.number(count, lang),
    )
    links = []
    if page.page:
        links.append(_page_link(t(lang, P.PREVIOUS), replace(page, page=page.page - 1), "previous"))
    if first + shown < count:
        links.append(_page_link(t(lang, P.NEXT), replace(page, page=page.page + 1), "next"))
    return html.Nav(
        [html.Span(words, id="events-range"), *links], className="switch pages", **{"aria-label": t(lang, P.PAGES)}
    )


def _page_link(words: str, page: EventsPage, name: str) -> Component:
    return link(words, page.address, id=f"events-{name}", className="choice")
