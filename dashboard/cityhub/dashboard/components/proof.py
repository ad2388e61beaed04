"""The card that says whether a number was checked, by which version it is counted, and where it opens."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address import EventsPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.audited import AuditState
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError
from cityhub.kpi.proof.service import Number, number
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import Decision, KpiValue, State


def proof_card(view: View, definition: KpiDefinition, shown: KpiValue | None) -> Component | None:
    """Audit, versions, and the ways into a number; nothing where nothing is archived."""
    if view.proofs is None:
        return None
    lang = view.lang
    opens = [] if shown is None else _opens(view, definition)
    return html.Section(
        [
            html.H2(t(lang, P.PROOF), id="proof-title"),
            html.P(_audit_words(view, definition), id="proof-audit"),
            html.Ul([html.Li(words) for words in _versions(view, definition)], id="proof-versions"),
            *opens,
        ],
        className="card",
        id="proof",
        **{"aria-labelledby": "proof-title"},
    )


def number_of(value: KpiValue) -> Number:
    """The proof service's name of a value."""
    return number(value.kpi_id, value.window, anchor_of(value), scope=value.scope, dimensions=value.dimensions)


def _audit_words(view: View, definition: KpiDefinition) -> str:
    lang, state = view.lang, _newest(view, definition)
    if state is None or not (state.audit.buckets or state.audit.trouble):
        return t(lang, P.AUDIT_NONE)
    audit, age = state.audit, formats.age(view.now - state.at, lang)
    if audit.trouble:
        return t(lang, P.AUDIT_TROUBLE, age=age, why=audit.trouble)
    if audit.mismatches:
        return t(lang, P.AUDIT_DIFFERS, age=age, count=formats.number(audit.mismatches, lang))
    buckets, events = formats.number(audit.buckets, lang), formats.number(audit.events, lang)
    return t(lang, P.AUDIT_CLEAN, age=age, buckets=buckets, events=events)


def _newest(view: View, definition: KpiDefinition) -> AuditState | None:
    if view.proofs is None:
        return None
    try:
        found = view.proofs.audits()
    except KpiError:  # the store is away: the page says so itself
        return None
    return next((state for state in found if state.audit.kpi == definition.id), None)


def _versions(view: View, definition: KpiDefinition) -> Sequence[str]:
    decided = view.reader.decisions(definition.id)
    if not decided:
        return [t(view.lang, P.VERSION_FIRST, version=definition.version)]
    return [_version(view, one) for one in reversed(decided)]


def _version(view: View, one: Decision) -> str:
    lang = view.lang
    match one.state:
        case State.INITIAL:
            return t(lang, P.VERSION_FIRST, version=one.version)
        case State.WANTED:
            return t(lang, P.VERSION_WAITING, version=one.version)
        case State.REFUSED:
            return t(lang, P.VERSION_REFUSED, version=one.version, why=one.detail)
    date = "" if one.decided is None else formats.date(one.decided, lang)
    return t(lang, P.VERSION_SINCE, version=one.version, date=date, who=one.who, why=one.why)


def _opens(view: View, definition: KpiDefinition) -> Sequence[Component]:
    lang, page = view.lang, EventsPage(definition.id)
    receipt = f"/kpi/{definition.id}/receipt.json?lang={lang}"
    return [
        html.P(
            [
                link(t(lang, P.OPEN_EVENTS), page.path, id="proof-events", className="button"),
                " ",
                html.A([icon("download"), t(lang, P.RECEIPT)], href=receipt, className="button", id="proof-receipt"),
            ]
        ),
        html.P(
            [t(lang, P.RECEIPT_HINT), " ", html.Code("cityhub receipt verify FILE --archive DIR")],
            className="comparison",
        ),
    ]
