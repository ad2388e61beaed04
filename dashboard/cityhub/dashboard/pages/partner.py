"""A partner's own side: what became of its events, where one of them is, what was refused, and who reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from cityhub.api.partner.shown import Listed
from cityhub.api.partner.who import partners_of
from cityhub.bus.errors import BusError
from cityhub.dashboard import formats
from cityhub.dashboard.address_partner import PartnerPage, TablesPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.components.trace import detail, kpi_link, kpi_name, reason_words, trace_box
from cityhub.dashboard.names import partner_full_name
from cityhub.dashboard.pages.partner_days import balance_part, day_table
from cityhub.dashboard.pages.tables import tables_of
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.partner_texts import Own
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.upload_texts import Up
from cityhub.dashboard.view import View
from cityhub.kpi.naming import partner_name

TABLES = ("days", "letters", "readers")
"""Names of the page's tables."""


def partner_page(view: View, page: PartnerPage) -> Component | None:
    """Draw a partner's side; None where it is not the viewer's to see."""
    choices, partner = partners_of(view.viewer), _whose(view, page)
    if view.desk is None or not choices:
        return None
    if len(choices) > 1:
        return _for_operator(view, view.desk, choices, page)
    return html.Div(_side(view, view.desk, partner, page), className="partner-page") if partner else None


def partner_table(view: View, page: PartnerPage, name: str) -> tuple[str, Table] | None:
    """A table of a partner's side, for its file, and whose side it is; None where it is not the viewer's to see.

    Args:
        name: one of `TABLES`.

    Raises:
        KpiError, BusError: it cannot be read.
    """
    partner = _whose(view, page)
    if view.desk is None or partner is None:
        return None
    match name:
        case "days":
            return partner, day_table(view.desk.balance(partner).days, view.lang)
        case "letters":
            return partner, letter_table(view.desk.letters(partner), page, view.lang)
    return partner, reader_table(view, partner)


def _whose(view: View, page: PartnerPage) -> str | None:
    """The partner whose side the page shows: the one that is named, or the viewer's only one."""
    choices = partners_of(view.viewer)
    wanted = page.partner or (choices[0] if len(choices) == 1 else "")
    return wanted if wanted in choices else None


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
        *_tables(view),
        *balance_part(view, desk, partner, PartnerPage(page.partner)),
        trace_box(view, desk, partner, page),
        _letters(view, desk, partner, page),
        _readers(view, partner, page),
        _machines(view, page),
    ]


def _tables(view: View) -> Sequence[Component]:
    """The way to where tables are handed in, for those who may."""
    _, forms = tables_of(view.uploads, view.viewer)
    return [html.P(link(t(view.lang, Up.PAGE), TablesPage().address, id="tables-link"))] if forms else []


def _letters(view: View, desk: PartnerDesk, partner: str, page: PartnerPage) -> Component:
    lang = view.lang
    try:
        found = desk.letters(partner)
    except BusError as error:
        head = html.H2(t(lang, Own.LETTERS), id="letters-head")
        return html.Section([head, unreadable_part(Own.NO_LETTERS, error, lang)], className="card proof", id="letters")
    table = letter_table(found, page, lang)
    parts = [table_head(table, PartnerPage(page.partner), lang)]
    if found.letters:
        parts += [html.P(_how_many(found, lang), className="hint"), plain_table(table, lang)]
    else:
        parts.append(html.P(t(lang, Own.LETTERS_NONE)))
    return html.Section(parts, className="card proof", id="letters")


def letter_table(found: Listed, page: PartnerPage, lang: Lang) -> Table:
    """Each letter with the reason, what the sender was told, and whether it was driven in again."""
    heads = (Own.WHEN, P.TYPE, P.REASON, P.DETAILS, Own.STATE)
    return Table(
        caption=t(lang, Own.LETTERS),
        parameter="letters",
        columns=tuple(Column(None, t(lang, words)) for words in heads),
        rows=tuple(_letter(lang, one, page) for one in found.letters),
    )


def _how_many(found: Listed, lang: Lang) -> str:
    numbers = sum(found.counts.values()), found.counts.get("open", 0), len(found.letters)
    n, open_, shown = (formats.number(number, lang) for number in numbers)
    return t(lang, Own.LETTERS_COUNT, n=n, open=open_, shown=shown)


def _letter(lang: Lang, one: Mapping[str, Any], page: PartnerPage) -> tuple[Cell, ...]:
    type_, id_ = one["type"] or one["topic"] or t(lang, Own.UNREADABLE), one["id"]
    trace = link(html.Code(id_), PartnerPage(page.partner, id_).address) if id_ else None
    if one["kept"]:
        said = Shown(one["error"], detail(one["error"], lang))
    else:
        words = t(lang, Own.NOT_KEPT, n=formats.number(one["size"], lang), sha=f"{one['sha256'][:12]}…")
        said = Shown(words, html.Span(words, className="hint"))
    return (
        formats.exact(datetime.fromisoformat(one["appended"]), lang),
        Shown(f"{type_} · {id_}" if id_ else type_, html.Span([html.Code(type_), html.Br(), trace])),
        reason_words(one["reason"], lang),
        said,
        _state(lang, one),
    )


def _state(lang: Lang, one: Mapping[str, Any]) -> str:
    if one["state"] == "open":
        return t(lang, Own.OPEN)
    if one["state"] == "wanted":
        return t(lang, Own.WANTED)
    return t(lang, Own.REDRIVEN, time=formats.date_and_clock(one["deed"].at, lang))


def _readers(view: View, partner: str, page: PartnerPage) -> Component:
    lang, table = view.lang, reader_table(view, partner)
    body = plain_table(table, lang) if table.rows else html.P(t(lang, Own.NO_CONTRACT))
    head = table_head(table, PartnerPage(page.partner), lang)
    return html.Section([head, body], className="card proof", id="readers")


def reader_table(view: View, partner: str) -> Table:
    """Every stream of the partner with the KPIs that read it; apps are none yet."""
    lang, catalogue = view.lang, view.reader.catalogue
    rows: list[tuple[Cell, ...]] = []
    for contract in sorted(catalogue.contracts.values(), key=lambda one: one.type):
        if contract.partner != partner:
            continue
        kpis = [one.id for one in catalogue if contract.type in one.topics]
        links = html.Ul([html.Li(kpi_link(view, kpi)) for kpi in kpis], className="plain")
        title = contract.title.get(lang)
        stream = html.Div([html.B(title), html.Code(contract.type)], className="source")
        readers = Shown("; ".join(kpi_name(view, kpi) for kpi in kpis), links) if kpis else t(lang, Own.NO_READER)
        topic = Shown(contract.topic, html.Code(contract.topic))
        rows.append((Shown(f"{title} · {contract.type}", stream), topic, readers))
    heads = (P.TYPE, Own.TOPIC, Own.FIGURES)
    return Table(
        caption=t(lang, Own.READERS),
        parameter="readers",
        columns=tuple(Column(None, t(lang, words)) for words in heads),
        rows=tuple(rows),
    )


def _machines(view: View, page: PartnerPage) -> Component:
    """The same by the API."""
    whose = f"?{urlencode({'partner': page.partner})}" if page.partner else ""
    paths = ["/v1/partner/ledger", "/v1/partner/dead-letters"]
    paths += [f"/v1/partner/trace/{quote(page.trace, safe='')}"] if page.trace else []
    links = [html.Li(html.A(html.Code(path + whose), href=path + whose)) for path in paths]
    head = html.H2(t(view.lang, Own.MACHINES))
    return html.Section([head, html.Ul(links, className="plain")], className="card proof", id="machines")
