"""Where is my event? The question as a form, and the answer in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from cityhub.bus.errors import BusError
from cityhub.dashboard import formats
from cityhub.dashboard.address import KpiPage
from cityhub.dashboard.address_partner import PartnerPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.dimension_names import dimension_name, dimension_value
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.partner_texts import REASONS, STATUSES, Own
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError
from cityhub.kpi.ledger.trace import Counted, Sighting
from cityhub.sdk.event import MAX_TEXT, is_short_text


def trace_box(view: View, desk: PartnerDesk, partner: str, page: PartnerPage) -> Component:
    """The form, and under it what is known of the id that was asked for."""
    lang = view.lang
    field = dmc.TextInput(
        label=t(lang, Own.TRACE_ID), name="trace", id="trace-id", value=page.trace, className="trace-id"
    )
    whose = [dcc.Input(type="hidden", name="partner", value=page.partner, id="trace-partner")] if page.partner else []
    find = html.Button(t(lang, Own.FIND), type="submit", id="trace-find", className="button")
    form = html.Form([*whose, field, find], action="/partner", method="GET", id="trace-form", className="trace-form")
    answer = _answer(view, desk, partner, page.trace) if page.trace else []
    return html.Section(
        [html.H2(t(lang, Own.TRACE), id="trace-head"), form, html.Div(answer, id="trace-answer", role="status")],
        className="card proof",
        **{"aria-labelledby": "trace-head"},
    )


def reason_words(reason: str, lang: Lang) -> str:
    """Why a record was refused, with the word that programs read: `zu groß (size)`."""
    known = REASONS.get(reason)
    return f"{t(lang, known[0])} ({reason})" if known else reason


def kpi_name(view: View, kpi_id: str) -> str:
    """A KPI's id and name; of one that is gone the id."""
    definition = next((one for one in view.reader.catalogue if one.id == kpi_id), None)
    return f"{kpi_id} {definition.name.get(view.lang)}" if definition else kpi_id


def kpi_link(view: View, kpi_id: str) -> Component | str:
    """The same, leading to its page where the viewer may see it."""
    name = kpi_name(view, kpi_id)
    return link(name, KpiPage(kpi_id).path) if view.find(kpi_id) else name


def detail(text: str, lang: Lang) -> Component | None:
    """What the hub told the sender, as it was told."""
    return html.Span(text, className="hint", **({} if lang == "en" else {"lang": "en"})) if text else None


def _answer(view: View, desk: PartnerDesk, partner: str, id_: str) -> Sequence[Component]:
    lang = view.lang
    if not is_short_text(id_):
        words = t(lang, Own.BAD_ID, most=MAX_TEXT, n=len(id_))
        return [html.P([icon("warning"), words], className="trouble")]
    try:
        found = desk.trace(partner, id_)
    except (KpiError, BusError) as error:
        return [unreadable_part(Own.NO_TRACE, error, lang)]
    if not found.sightings:
        return [html.P(t(lang, Own.FOUND_NOTHING), className="sentence")]
    return [html.Ul([html.Li(_sighting(view, one)) for one in found.sightings], className="sightings")]


def _sighting(view: View, one: Sighting) -> Sequence[Component | str | None]:
    lang = view.lang
    time = formats.exact(one.received, lang) if one.received else ""
    place = t(lang, Own.PLACE, topic=one.topic, part=one.partition, off=one.offset)
    came = html.P([t(lang, Own.RECEIVED, time=time) if time else t(lang, Own.ARCHIVED), " ", html.Code(place)])
    said = html.P(html.B(t(lang, STATUSES[one.status], reason=reason_words(one.reason, lang))))
    known = REASONS.get(one.reason)
    return [
        came,
        said,
        html.P(detail(one.detail, lang)) if one.detail else None,
        html.P(t(lang, Own.REMEDY, text=t(lang, known[1]))) if known else None,
        _counts(view, one),
    ]


def _counts(view: View, one: Sighting) -> Component | None:
    counts = [html.Li([kpi_link(view, each.kpi), ": ", _adds(view, each)]) for each in one.counts]
    states = [html.Li([kpi_link(view, kpi), ": ", t(view.lang, Own.OBSERVED)]) for kpi in one.observed]
    return html.Ul(counts + states) if counts or states else None


def _adds(view: View, one: Counted) -> str:
    lang, definition = view.lang, next((known for known in view.reader.catalogue if known.id == one.kpi), None)
    places = [one.scope or t(lang, Own.CITY)]
    places += [
        f"{dimension_name(definition, name, lang) if definition else name} {dimension_value(name, value, lang)}"
        for name, value in one.dimensions.items()
    ]
    return t(lang, Own.ADDS, place=", ".join(places), span=formats.span(one.start, one.end, lang), n=one.n)
