"""The events behind a number, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component
from msgspec.structs import replace

from cityhub.bus.errors import BusError
from cityhub.dashboard import formats
from cityhub.dashboard.address import EventsPage, KpiPage
from cityhub.dashboard.components.breadcrumb import breadcrumb
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.proof import number_of
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.facts import read_facts
from cityhub.dashboard.names import partner_name
from cityhub.dashboard.proof_texts import REASONS, P
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError
from cityhub.kpi.naming import named_values
from cityhub.kpi.proof.explain import Contribution, Exclusion, Page
from cityhub.kpi.values import KpiValue

ROWS = 25
_NAMED = {"numerator": P.NUMERATOR, "denominator": P.DENOMINATOR}


def events_page(view: View, page: EventsPage, definition: KpiDefinition) -> Component:
    """Draw a page of the events behind the KPI's newest number, for a viewer who may see it."""
    lang, facts = view.lang, read_facts(view, definition)
    field = next((field for field in view.reader.catalogue.fields if field.id == definition.field), None)
    head = [
        simulation_banner(lang) if facts.synthetic else None,
        breadcrumb(lang, field, t(lang, T.KPI_KIND, id=definition.id)),
        html.H1(
            [
                t(lang, P.OPEN_EVENTS),
                ": ",
                link(definition.name.get(lang), KpiPage(definition.id).path, id="events-kpi"),
            ],
            id="headline",
            tabIndex="-1",
        ),
    ]
    if facts.shown is None or view.proofs is None:
        return html.Div([*head, html.P(t(lang, P.NOTHING_TO_PROVE))], className="kpi-page")
    try:
        number = number_of(facts.shown)
        found = view.proofs.page(number, first=page.page * ROWS, size=ROWS, excluded=page.excluded)
    except (KpiError, BusError) as error:
        trouble = html.P(t(lang, P.CANNOT_OPEN, why=str(error)), role="alert", id="events-trouble")
        return html.Div([*head, trouble], className="kpi-page")
    body = [_lead(view, facts.shown, found), _choice(page, lang), _table(view, page, definition, found)]
    return html.Div([*head, html.Section(body, className="card")], className="kpi-page")


def _lead(view: View, shown: KpiValue, found: Page) -> Component:
    lang = view.lang
    period = formats.period(shown.window, shown.start, shown.end, view.now, lang)
    counted, excluded = (formats.number(count, lang) for count in (found.counted, found.excluded))
    return html.P(t(lang, P.EVENTS_LEAD, period=period, counted=counted, excluded=excluded), id="events-lead")


def _choice(page: EventsPage, lang: Lang) -> Component:
    choices = [
        link(
            t(lang, words),
            f"{page.path}?{EventsPage(page.kpi_id, excluded).query}",
            id=f"events-{words.name.lower()}",
            className="choice",
            **{"aria-current": str(excluded == page.excluded).lower()},
        )
        for excluded, words in ((False, P.COUNTED), (True, P.EXCLUDED))
    ]
    return html.Nav(choices, className="switch", **{"aria-label": t(lang, P.SHOWN)})


def _table(view: View, page: EventsPage, definition: KpiDefinition, found: Page) -> Component:
    lang = view.lang
    items: Sequence[Contribution | Exclusion] = found.exclusions if page.excluded else found.contributions
    if not items:
        return html.P(t(lang, P.NONE), id="events-none")
    says = P.REASON if page.excluded else P.ADDS
    heads = [t(lang, name) for name in (P.TIME, says, P.PARTNER, P.PLACE, P.ID, P.MADE_BY)]
    table = dmc.Table(
        [
            dmc.TableThead(dmc.TableTr([dmc.TableTh(head) for head in heads])),
            dmc.TableTbody([_row(view, definition, item) for item in items], id="events-rows"),
        ],
        id="events-table",
        **{"aria-labelledby": "headline"},
    )
    scroll: dict[str, Any] = {"role": "region", "tabIndex": "0", "aria-labelledby": "headline"}
    count = found.excluded if page.excluded else found.counted
    return html.Div([html.Div(table, className="table-scroll", **scroll), _pages(page, len(items), count, lang)])


def _row(view: View, definition: KpiDefinition, item: Contribution | Exclusion) -> Component:
    lang, origin = view.lang, item.origin
    says = _reason(item, lang) if isinstance(item, Exclusion) else _adds(definition, item, lang)
    cells = [
        says,
        partner_name(origin.partner, lang),
        f"{origin.topic} / {origin.part} / {origin.off}",
        html.Code(origin.id),
        origin.adapter or t(lang, T.UNKNOWN_VALUE),
    ]
    return dmc.TableTr([dmc.TableTh(formats.date_and_clock(origin.time, lang)), *map(dmc.TableTd, cells)])


def _adds(definition: KpiDefinition, item: Contribution, lang: Lang) -> str:
    names = named_values(definition)
    parts = []
    for name, amount in item.adds.items():
        signed = f"{'+' if amount > 0 else '−'}{formats.number(abs(amount), lang)}"
        if name in _NAMED:
            parts.append(t(lang, _NAMED[name], amount=signed))
        else:
            parts.append(f"{names[name].title.get(lang) if name in names else name} {signed}")
    if item.bins:
        parts.append(t(lang, P.BIN))
    return ", ".join(parts) or t(lang, P.ONLY_COUNTED)


def _reason(item: Exclusion, lang: Lang) -> str:
    known = REASONS.get(item.reason)
    return t(lang, P.REFUSED, reason=item.reason) if known is None else t(lang, known)


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
        [html.Span(words, id="events-range"), *links], className="switch", **{"aria-label": t(lang, P.PAGES)}
    )


def _page_link(words: str, page: EventsPage, name: str) -> Component:
    return link(words, f"{page.path}?{page.query}", id=f"events-{name}", className="choice")
