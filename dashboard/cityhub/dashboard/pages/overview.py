"""The overview: search, what changed since yesterday, the seven fields, the partners' data state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.changes import Change, changes_of
from cityhub.dashboard.components.area_choice import area_choice
from cityhub.dashboard.components.lead_choice import lead_choice
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import STATUS_WORD, count_mark, icon
from cityhub.dashboard.components.search import search
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.tile import lead_row, value_words
from cityhub.dashboard.facts import KpiFacts, read_all
from cityhub.dashboard.leads import PER_FIELD
from cityhub.dashboard.pages.partners import partners
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import Status
from cityhub.kpi.fields import ActionField

CHANGES = 3


def overview_page(view: View) -> Component:
    """Draw the overview for a viewer."""
    lang = view.lang
    facts = read_all(view, [one for one in view.visible() if view.area.holds(one)])
    cards = [_card(view, field, facts) for field in view.reader.catalogue.fields]
    return html.Div(
        [
            simulation_banner(lang) if any(known.synthetic for known in facts.values()) else None,
            html.H1(t(lang, T.HOME), id="headline", tabIndex="-1", className="hidden"),
            html.Div([search(view), area_choice(view)], className="finding"),
            _changes(view, changes_of(facts.values(), view.now)),
            html.H2(t(lang, T.FIELDS), className="hidden"),
            html.Div([*filter(None, cards), partners(view)], className="fields" if view.area.is_all else "fields mine")
            if facts or view.area.is_all
            else html.P(t(lang, S.AREA_EMPTY), className="empty"),
        ],
        className="overview",
    )


def _changes(view: View, changes: Sequence[Change]) -> Component:
    lang = view.lang
    telling = [one for one in changes if one.is_status or one.is_noticeable]
    words = [_change(view, one) for one in telling[:CHANGES]]
    if not words:
        words = [t(lang, S.CHANGED_NOTHING if changes else S.CHANGED_UNKNOWN)]
    if len(telling) > CHANGES:
        words.append(t(lang, S.CHANGED_MORE, n=len(telling) - CHANGES))
    said = [html.Span(text, className="change") for text in words]
    return html.P([html.B(t(lang, S.CHANGED)), *said], id="changes", className="changes", title=t(lang, S.CHANGED_RULE))


def _change(view: View, change: Change) -> Sequence[Component | str]:
    lang, definition = view.lang, change.facts.definition
    name = link(definition.name.get(lang), f"/kpi/{definition.id}")
    before, now = value_words(change.before, lang), value_words(change.now, lang)
    if change.is_status:
        words = [t(lang, STATUS_WORD[one]) for one in (change.status_before, change.facts.status)]
        return [name, t(lang, S.CHANGED_STATUS, before=words[0], now=words[1], value=now)]
    by = formats.difference(change.by, change.now.unit, lang)
    return [name, t(lang, S.CHANGED_VALUE, before=before, now=now, change=by)]


def _card(view: View, field: ActionField, facts: Mapping[str, KpiFacts]) -> Component | None:
    """The field's counts and lead rows; in an area of one's own all rows, and no card without any."""
    lang, of_field = view.lang, [kpi for kpi, one in facts.items() if one.definition.field == field.id]
    mine = [facts[kpi] for kpi in view.leads.order(field.id, of_field)]
    if not (mine or view.area.is_all):
        return None
    name = html.H3([icon(field.icon), link(field.name.get(lang), f"/field/{field.id}")], className="field-name")
    heading = html.Div([name, lead_choice(view, field, mine)], className="field-head")
    if not mine:
        body = [html.P([icon(Status.NO_DATA), t(lang, T.NO_DATA_YET)], className="status status-no-data")]
    else:
        leads = mine[:PER_FIELD] if view.area.is_all else mine
        body = [
            html.P(_counts(view, mine), className="counts", id=f"field-{field.id}-counts"),
            *(lead_row(one, view.now, lang) for one in leads),
        ]
    return html.Section([heading, *body], className="card field", id=f"field-{field.id}")


def _counts(view: View, facts: Sequence[KpiFacts]) -> Sequence[Component | str]:
    """`2 Kennzahlen: 1 im Ziel, 1 ohne Ziel`, each with its sign."""
    lang, n = view.lang, len(facts)
    counts = Counter(item.status for item in facts)
    total = t(lang, T.KPIS_ONE) if n == 1 else t(lang, T.KPIS_MANY, n=n)
    return [f"{total}: ", *(count_mark(counts[status], status, lang) for status in STATUS_WORD if counts[status])]
