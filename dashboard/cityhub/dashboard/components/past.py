"""What did we know at an instant? The question as a form, and the number of then beside today's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component
from msgspec import structs

from cityhub.dashboard import formats
from cityhub.dashboard.address import KpiPage
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.past_texts import Then
from cityhub.dashboard.tables import notes_of
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.past import Past, past
from cityhub.kpi.values import KpiValue


def past_card(view: View, page: KpiPage, facts: KpiFacts) -> Component:
    """The form, and below it what was shown then; of people a sentence that says why not."""
    lang = view.lang
    if facts.definition.minimum_group is None:
        answer = _answer(view, facts, page.asof) if page.asof else []
        parts = [_form(page, lang), html.Div(answer, id="past-answer", role="status")]
    else:
        parts = [html.P(t(lang, Then.PEOPLE), id="past-people", className="sentence")]
    return html.Section(
        [html.H2(t(lang, Then.TITLE), id="past-title"), *parts],
        className="card proof",
        **{"aria-labelledby": "past-title"},
    )


def _form(page: KpiPage, lang: Lang) -> Component:
    """Sends the instant with the rest of the view."""
    rest = {"span": "", "by": "", **dict(parse_qsl(structs.replace(page, asof=None).query))}
    held = [dcc.Input(type="hidden", name=name, value=said, id=f"past-{name}") for name, said in rest.items()]
    moment = dmc.TextInput(
        label=t(lang, Then.MOMENT),
        description=t(lang, Then.SENTENCE),
        name="asof",
        id="past-asof",
        value=f"{page.asof.astimezone(berlin()):%Y-%m-%dT%H:%M}" if page.asof else "",
        inputProps={"type": "datetime-local", "required": True},
        className="trace-id",
    )
    show = html.Button(t(lang, Then.SHOW), type="submit", id="past-show", className="button")
    return html.Form([*held, moment, show], action=page.path, method="GET", id="past-form", className="trace-form")


def _answer(view: View, facts: KpiFacts, at: datetime) -> Sequence[Component]:
    lang, definition = view.lang, facts.definition
    time = formats.date_and_clock(at, lang)
    if at > view.now:
        return [html.P([icon("warning"), t(lang, Then.AHEAD, time=time)], className="trouble")]
    found = past(view.reader, definition.id, definition.default_window, at)
    if found is None:
        return [html.P(t(lang, Then.NOTHING, time=time), className="sentence")]
    then, now = found
    period = formats.window(then.window, then.start, then.end, lang)
    said = {"value": value_words(then, lang), "label": _label(facts, then, lang)}
    sentences = [t(lang, Then.THEN, time=time, period=period, **said)]
    if found.changed:
        sentences.append(t(lang, Then.NOW, value=value_words(now, lang), label=_label(facts, now, lang)))
    return [html.P(html.B(sentences[0])), *map(html.P, sentences[1:]), html.P(_since(facts, found, lang))]


def _since(facts: KpiFacts, found: Past, lang: Lang) -> str:
    """What became of it since."""
    if found.changed:
        return t(lang, Then.CHANGED)
    label = _label(facts, found.now, lang)
    return t(lang, Then.SAME) if label == _label(facts, found.then, lang) else t(lang, Then.SETTLED, label=label)


def _label(facts: KpiFacts, value: KpiValue, lang: Lang) -> str:
    return ", ".join(notes_of(facts, value, lang)) or t(lang, Then.FINAL)
