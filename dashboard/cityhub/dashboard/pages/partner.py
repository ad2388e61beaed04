"""A partner's own side: what became of its events, where one of them is, what was refused, and who reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.api.partner.shown import Listed
from cityhub.api.partner.who import partners_of
from cityhub.bus.errors import BusError
from cityhub.dashboard import formats
from cityhub.dashboard.address import PartnerPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.plain_table import plain_table
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.components.trace import detail, kpi_name, reason_words, trace_box
from cityhub.dashboard.names import partner_full_name
from cityhub.dashboard.pages.partner_days import balance_part
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.partner_texts import Own
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.naming import partner_name


def partner_page(view: View, page: PartnerPage) -> Component | None:
    """Draw a partner's side; None where it is not the viewer's to see."""
    choices = partners_of(view.viewer)
    if view.desk is None or not choices:
        return None
    if len(choices) > 1:
        return _for_operator(view, view.desk, choices, page)
    if page.partner not in {"", *choices}:
        return None
    return html.Div(_side(view, view.desk, choices[0], page), className="partner-page")


def _for_operator(view: View, desk: PartnerDesk, choices: Sequence[str], page: PartnerPage) -> Component:
    links = [
        link(
            partner_name(name, view.lang),
            PartnerPage(name).address,
            id=f"partner-{name}",
            className="choice",
            **{"aria-current": str(name == page.partner).lower()},
        )
        for name in choices
    ]
    nav = html.Nav(links, className="switch choices", **{"aria-label": t(view.lang, Own.PARTNERS)})
    if page.partner in choices:
        return html.Div([nav, *_side(view, desk, page.partner, page)], className="partner-page")
    words = t(view.lang, Own.NO_SUCH, name=page.partner[:40]) if page.partner else t(view.lang, Own.CHOOSE)
    head = html.H1(t(view.lang, Own.PAGE), id="headline", tabIndex="-1")
    return html.Div([nav, head, html.P(words, id="partner-choose", className="sentence")], className="partner-page")


def _side(view: View, desk: PartnerDesk, partner: str, page: PartnerPage) -> Sequence[Component]:
    lang = view.lang
    refresh = html.A(t(lang, Own.REFRESH), href=page.address, id="partner-refresh", className="button")
    title = html.H1(partner_full_name(partner, lang), id="headline", tabIndex="-1")
    return [
        html.Div([title, refresh], className="section-head"),
        html.P(t(lang, Own.INTRO), className="sentence"),
        *balance_part(view, desk, partner),
        trace_box(view, desk, partner, page),
        _letters(view, desk, partner, page),
        _readers(view, partner),
        _machines(view, page),
    ]


def _letters(view: View, desk: PartnerDesk, partner: str, page: PartnerPage) -> Component:
    lang = view.lang
    head = html.H2(t(lang, Own.LETTERS), id="letters-head")
    try:
        found = desk.letters(partner)
    except BusError as error:
        return html.Section([head, unreadable_part(Own.NO_LETTERS, error, lang)], className="card proof", id="letters")
    if not found.letters:
        return html.Section([head, html.P(t(lang, Own.LETTERS_NONE))], className="card proof", id="letters")
    heads = (Own.WHEN, P.TYPE, P.REASON, P.DETAILS, Own.STATE)
    rows = [_letter(lang, one, page) for one in found.letters]
    parts = [
        head,
        html.P(_how_many(found, lang), className="hint"),
        plain_table("letters", [(t(lang, words), "left") for words in heads], rows),
    ]
    return html.Section(parts, className="card proof", id="letters")


def _how_many(found: Listed, lang: Lang) -> str:
    numbers = sum(found.counts.values()), found.counts.get("open", 0), len(found.letters)
    n, open_, shown = (formats.number(number, lang) for number in numbers)
    return t(lang, Own.LETTERS_COUNT, n=n, open=open_, shown=shown)


def _letter(lang: Lang, one: Mapping[str, Any], page: PartnerPage) -> Component:
    trace = PartnerPage(page.partner, one["id"])
    id_ = link(html.Code(one["id"]), trace.address) if one["id"] else None
    return dmc.TableTr(
        [
            dmc.TableTh(formats.exact(datetime.fromisoformat(one["appended"]), lang)),
            dmc.TableTd([html.Code(one["type"] or one["topic"] or t(lang, Own.UNREADABLE)), html.Br(), id_]),
            dmc.TableTd(reason_words(one["reason"], lang)),
            dmc.TableTd(detail(one["error"], lang) if one["kept"] else _not_kept(lang, one)),
            dmc.TableTd(_state(lang, one)),
        ]
    )


def _not_kept(lang: Lang, one: Mapping[str, Any]) -> Component:
    words = t(lang, Own.NOT_KEPT, n=formats.number(one["size"], lang), sha=f"{one['sha256'][:12]}…")
    return html.Span(words, className="hint")


def _state(lang: Lang, one: Mapping[str, Any]) -> str:
    if one["state"] == "open":
        return t(lang, Own.OPEN)
    if one["state"] == "wanted":
        return t(lang, Own.WANTED)
    return t(lang, Own.REDRIVEN, time=formats.date_and_clock(one["deed"].at, lang))


def _readers(view: View, partner: str) -> Component:
    """Every stream of the partner with the KPIs that read it; apps are none yet."""
    lang, catalogue = view.lang, view.reader.catalogue
    head = html.H2(t(lang, Own.READERS), id="readers-head")
    rows = []
    for contract in sorted(catalogue.contracts.values(), key=lambda one: one.type):
        if contract.partner != partner:
            continue
        kpis = [one.id for one in catalogue if contract.type in one.topics]
        links = [html.Li(kpi_name(view, kpi)) for kpi in kpis]
        stream = html.Div([html.B(contract.title.get(lang)), html.Code(contract.type)], className="source")
        readers = html.Ul(links, className="plain") if links else t(lang, Own.NO_READER)
        rows.append(dmc.TableTr([dmc.TableTh(stream), dmc.TableTd(html.Code(contract.topic)), dmc.TableTd(readers)]))
    heads = [(t(lang, words), "left") for words in (P.TYPE, Own.TOPIC, Own.FIGURES)]
    body = plain_table("readers", heads, rows) if rows else html.P(t(lang, Own.NO_CONTRACT))
    return html.Section([head, body], className="card proof", id="readers")


def _machines(view: View, page: PartnerPage) -> Component:
    """The same by the API."""
    whose = f"?{urlencode({'partner': page.partner})}" if page.partner else ""
    paths = ["/v1/partner/ledger", "/v1/partner/dead-letters"]
    paths += [f"/v1/partner/trace/{quote(page.trace, safe='')}"] if page.trace else []
    links = [html.Li(html.A(html.Code(path + whose), href=path + whose)) for path in paths]
    head = html.H2(t(view.lang, Own.MACHINES))
    return html.Section([head, html.Ul(links, className="plain")], className="card proof", id="machines")
