"""Small signs: icons, status, trend, labels. A status is always word, shape and colour together."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.tables import missing_words, notes_of
from cityhub.dashboard.texts import Lang, T, t
from cityhub.kpi.attainment import RULE, Status, Trend
from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.values import KpiValue, WindowKind

STATUS_WORD = {
    Status.MET: T.MET,
    Status.WATCH: T.WATCH,
    Status.MISSED: T.MISSED,
    Status.NO_TARGET: T.NO_TARGET,
    Status.NO_DATA: T.NO_DATA,
    Status.UNRELIABLE: T.UNRELIABLE,
    Status.WITHHELD: T.WITHHELD,
}


def icon(name: str) -> Component:
    """A local drawing in the colour of the text around it; the words beside it carry the meaning."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def status_mark(status: Status, lang: Lang) -> Component:
    """The status in its shape, colour and word."""
    words = [icon(status), t(lang, STATUS_WORD[status])]
    return html.Span(words, className=f"status status-{status}", title=RULE[status].get(lang))


def target_words(target: Target, unit: str, lang: Lang) -> str:
    """`Ziel 85 %`, of a band `Ziel 70 bis 90 %`; as it was written, not rounded."""
    if target.value is not None:
        return t(lang, T.TARGET, value=formats.written(target.value, unit, lang))
    low, high = (formats.written(limit or 0.0, unit, lang) for limit in (target.low, target.high))
    return t(lang, T.TARGET_BAND, low=low, high=high)


def count_mark(n: int, status: Status, lang: Lang) -> Component:
    """How many have a status."""
    return html.Span([icon(status), f"{n} {t(lang, STATUS_WORD[status])}"], className=f"status-count status-{status}")


def simulation_mark(lang: Lang) -> Component:
    """Says that simulated events were counted."""
    return html.Span([icon("simulation"), t(lang, T.SIMULATION)], className="simulation")


def trend_words(trend: Trend, unit: str, kind: WindowKind, lang: Lang) -> str:
    """`+1,2 Pkt. zum Vortag (besser)`."""
    change, before = formats.difference(trend.change, unit, lang), formats.before(kind, lang)
    if trend.direction == "flat":
        return t(lang, T.SAME, change=change, before=before)
    word = T.CHANGED_WORD if trend.better is None else (T.BETTER if trend.better else T.WORSE)
    return t(lang, T.COMPARED, change=change, before=before, word=t(lang, word))


def trend_mark(trend: Trend, unit: str, kind: WindowKind, lang: Lang) -> Component:
    """Arrow for the direction, words for what it means."""
    return html.Span([icon(trend.direction), trend_words(trend, unit, kind, lang)], className="trend")


def label_mark(
    facts: KpiFacts, value: KpiValue, lang: Lang, *, brief: bool = False, **attributes: str
) -> Component | None:
    """How settled a value is; nothing when it is final and complete."""
    words = notes_of(facts, value, lang, brief=brief)
    return html.Span(", ".join(words), className="label", **attributes) if words else None


def spoken_name(facts: KpiFacts, lang: Lang, period: str) -> str:
    """The accessible name of a tile or row: everything a glance takes in, as one sentence."""
    definition, value = facts.definition, facts.shown
    number = value.value if value else None
    text = t(
        lang,
        T.SPOKEN,
        name=definition.name.get(lang),
        period=period,
        value=missing_words(value, lang) if number is None else formats.spoken_quantity(number, definition.unit, lang),
        status=t(lang, STATUS_WORD[facts.status]),
    )
    as_of = facts.freshness.as_of
    state = [t(lang, T.SPOKEN_STATE, time=formats.clock(as_of, lang))] if as_of else []
    return ", ".join([text, *state, *([t(lang, T.SIMULATION)] if facts.synthetic else [])])


def nothing_yet(definition: KpiDefinition, lang: Lang) -> str:
    """Why there is no number: nothing came, or none is shown before its period is over, as of numbers about people."""
    return t(lang, T.NO_DATA_YET if definition.minimum_group is None else T.NO_PERIOD_YET)
