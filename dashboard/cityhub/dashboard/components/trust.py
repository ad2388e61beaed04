"""The right column of a KPI's page: whether to believe the number, what it means and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import simulation_mark
from cityhub.dashboard.components.state import data_state_line, health_line
from cityhub.dashboard.explain import explained
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.names import partner_full_name
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.tables import reasons_of
from cityhub.dashboard.texts import Lang, T, Wording, t
from cityhub.kpi.attainment import is_reliable
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.naming import partner_name
from cityhub.kpi.values import KpiValue, Label

_SHORT_HASH = 12


def trust_column(facts: KpiFacts, now: datetime, lang: Lang) -> Component:
    """Figures, data state, meaning, formula, owner and version of one KPI."""
    return html.Aside(
        [
            html.H2(t(lang, T.TRUST), id="trust-title"),
            *_figures(facts, now, lang),
            data_state_line(facts.freshness, now, lang, id="kpi-freshness"),
            *_definition(facts.definition, lang),
        ],
        className="card trust",
        **{"aria-labelledby": "trust-title"},
    )


def _figures(facts: KpiFacts, now: datetime, lang: Lang) -> Sequence[Component]:
    value = facts.shown
    if value is None:
        return [html.P(t(lang, T.NOTHING_COUNTED), className="lead-sentence")]
    period = formats.period(value.window, value.start, value.end, now, lang)
    up_to = formats.moment_near(value.inputs_up_to, now, lang)
    basis = t(lang, T.COUNTED_UP_TO, revision=formats.number(value.revision, lang), period=period, time=up_to)
    hints = [_coverage(value, lang), _hint(facts, value, lang), _simulated(value, lang)]
    return [
        html.P(health_line(facts, lang) or t(lang, S.RELIABLE), id="trust-health", className="lead-sentence"),
        html.P(explained(facts.definition, value, lang), className="lead-sentence", id="trust-counted"),
        html.P(basis, id="trust-basis"),
        *(hint for hint in hints if hint),
    ]


def _coverage(value: KpiValue, lang: Lang) -> Component | None:
    if value.coverage is None or not is_reliable(value):  # then the first sentence says so
        return None
    return html.P(t(lang, T.COVERAGE_ENOUGH, share=formats.percent(value.coverage, lang)), id="trust-coverage")


def _hint(facts: KpiFacts, value: KpiValue, lang: Lang) -> Component | None:
    hints = []
    if facts.recorded_since and facts.incomplete(value):
        hints.append(t(lang, T.INCOMPLETE_HINT, time=formats.date_and_clock(facts.recorded_since, lang)))
    reasons = reasons_of(value, lang)
    if value.label is Label.CORRECTED:
        hints.append(t(lang, T.CORRECTED_BY_HINT, reasons=reasons) if reasons else t(lang, T.CORRECTED_HINT))
    elif value.label is Label.PROVISIONAL and not hints:
        hints.append(t(lang, T.PROVISIONAL_HINT))
    return html.P(" ".join(hints), id="trust-hint") if hints else None


def _simulated(value: KpiValue, lang: Lang) -> Component | None:
    if not value.synthetic:
        return None
    n = formats.number(value.n, lang)
    part = t(lang, T.SIMULATION_PART, synthetic=formats.number(value.synthetic_n, lang), n=n)
    return html.P(
        [simulation_mark(lang), " ", t(lang, T.SIMULATION_ALL, n=n) if value.synthetic_n == value.n else part],
        id="kpi-simulation",
    )


def _definition(definition: KpiDefinition, lang: Lang) -> Sequence[Component]:
    short = definition.hash[:_SHORT_HASH] + "…"
    terms: dict[Wording, str | list[object]] = {
        T.MEANING: definition.sentence.get(lang),
        T.FORMULA: definition.formula.get(lang),
        T.OWNER: _responsible(definition, lang),
        T.DEFINITION: t(lang, T.VERSION, version=definition.version, hash=short),
    }
    if definition.stability == "experimental":
        terms[S.STABILITY] = t(lang, S.EXPERIMENTAL)
    pairs = [part for term, text in terms.items() for part in (html.Dt(t(lang, term)), html.Dd(text))]
    whole = html.Details([html.Summary(t(lang, T.FULL_HASH)), html.Code(definition.hash)], id="definition-hash")
    return [html.Dl([*pairs, *_published(definition, lang), *_standards(definition, lang)]), whole]


def _published(definition: KpiDefinition, lang: Lang) -> Sequence[Component]:
    """Figures that others published: not counted here."""
    if not definition.baseline:
        return []
    found = [
        t(
            lang,
            S.BASELINE,
            period=one.period,
            value=formats.quantity(one.value, definition.unit, lang),
            source=one.source,
        )
        for one in definition.baseline
    ]
    return [html.Dt(t(lang, S.BASELINES)), *(html.Dd(words) for words in found)]


def _standards(definition: KpiDefinition, lang: Lang) -> Sequence[Component]:
    """What the KPI leans on; what nobody has looked up says so."""
    if not definition.reference:
        return []
    found = [
        html.Dd([one.text] if one.verified else [one.text, " ", html.Span(t(lang, S.UNVERIFIED), className="label")])
        for one in definition.reference
    ]
    return [html.Dt(t(lang, S.STANDARDS)), *found]


def _responsible(definition: KpiDefinition, lang: Lang) -> list[object]:
    """The partner, and the unit and mailbox that answer, where they are named."""
    found: list[object] = [partner_full_name(definition.owner, lang)]
    who = definition.responsible
    if who is not None and who.unit != partner_name(definition.owner, lang):
        found += [html.Br(), who.unit]
    if who is not None and "@" in who.mailbox:
        found += [html.Br(), html.A(who.mailbox, href=f"mailto:{who.mailbox}")]
    return found
