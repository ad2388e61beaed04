"""The choice of what stands first on a field's card: links, as those of "my area" are."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.leads import PER_FIELD, Leads
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.fields import ActionField


def lead_choice(view: View, field: ActionField, ordered: Sequence[KpiFacts]) -> Component | None:
    """Every KPI of the card by its id, with those that stand first marked; None where there is nothing to choose.

    Args:
        ordered: of the card, those first that stand first.
    """
    lang, first = view.lang, [one.definition.id for one in ordered[:PER_FIELD]]
    if len(ordered) <= 1:
        return None
    of_field = {one.id for one in view.reader.catalogue.of_field(field.id)}
    choices = [
        _choice(
            one.definition.name.get(lang),
            view.leads.with_first([*dict.fromkeys((one.definition.id, *first))], of_field),
            current=one.definition.id in first,
        )
        for one in sorted(ordered, key=lambda one: one.definition.id)
    ]
    label = t(lang, S.LEADS_OF, field=field.name.get(lang))
    parts = [html.Nav(choices, **{"aria-label": label}), html.P(t(lang, S.LEADS_HINT), className="hint")]
    if of_field & {*view.leads.chosen}:
        parts.append(_choice(t(lang, S.LEADS_DEFAULT), view.leads.with_first((), of_field), current=False))
    summary = html.Summary([t(lang, S.LEADS), html.Span(f": {label}", className="hidden")])
    return html.Details([summary, html.Div(parts)], className="lead-choice")


def _choice(name: str, leads: Leads, *, current: bool) -> Component:
    return html.A(name, href=f"/?leads={leads.text}", className="choice", **{"aria-current": str(current).lower()})
