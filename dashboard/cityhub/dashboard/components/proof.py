"""The card that says whether a number was checked, by which version it is counted, and where it opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from cityhub.api.access import is_city, may_open
from cityhub.dashboard import formats
from cityhub.dashboard.address import EventsPage
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.audited import AuditState, Difference
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError
from cityhub.kpi.reader import instant
from cityhub.kpi.values import Decision, KpiValue, State

_SHORT_HASH = 12
COMMAND = "cityhub receipt verify FILE --archive DIR"


def proof_card(view: View, definition: KpiDefinition, shown: KpiValue | None) -> Component | None:
    """Audit, versions, and the ways into a number; nothing where nothing is archived."""
    if view.proofs is None:
        return None
    lang = view.lang
    return html.Section(
        [
            html.H2(t(lang, P.PROOF), id="proof-title"),
            *_audit(view, definition),
            *([] if shown is None else _opens(view, definition, shown)),
            *_versions(view, definition),
        ],
        className="card proof",
        id="proof",
        **{"aria-labelledby": "proof-title"},
    )


def receipt_parts(view: View, kpi_id: str, asked: Asked, *beside: Component) -> Sequence[Component]:
    """The receipt of a number, and how to check it."""
    lang = view.lang
    receipt = f"/receipts/{quote(kpi_id, safe='')}?{urlencode([*asked.pairs, ('lang', lang)])}"
    button = html.A([icon("download"), t(lang, P.RECEIPT)], href=receipt, className="button", id="proof-receipt")
    return [
        html.P([*beside, button], className="buttons"),
        html.P([t(lang, P.RECEIPT_HINT), html.Br(), html.Code(COMMAND)], className="hint"),
        html.P(html.A(t(lang, P.RECEIPT_KEY), href="/receipts/key", id="proof-key"), className="hint"),
    ]


def _opens(view: View, definition: KpiDefinition, shown: KpiValue) -> Sequence[Component]:
    lang, asked = view.lang, Asked.of(shown)
    if not may_open(view.viewer, definition):
        return [html.P(t(lang, P.FOR_CONTROLLERS), id="proof-people", className="hint")]
    address = EventsPage(definition.id, asked).address
    events = link(t(lang, P.OPEN_EVENTS), address, id="proof-events", className="button")
    rows = html.P(t(lang, P.ROWS_OPEN), className="hint")
    button, *receipt = receipt_parts(view, definition.id, asked, events)
    return [button, rows, *receipt]


def _audit(view: View, definition: KpiDefinition) -> Iterator[Component]:
    lang, state = view.lang, _newest(view, definition)
    if state is None or not (state.audit.buckets or state.audit.trouble):
        yield html.P(t(lang, P.AUDIT_NONE), id="proof-audit")
        return
    audit, age = state.audit, formats.age(view.now - state.at, lang)
    if audit.clean:
        buckets, events = formats.number(audit.buckets, lang), formats.number(audit.events, lang)
        words = t(lang, P.AUDIT_CLEAN, age=age, buckets=buckets, events=events)
        yield html.P([icon("met"), words], id="proof-audit", className="verdict")
        return
    count = formats.number(audit.mismatches, lang)
    words = t(lang, P.AUDIT_TROUBLE, age=age) if audit.trouble else t(lang, P.AUDIT_DIFFERS, age=age, count=count)
    if state.clean_at is not None:
        words += " " + t(lang, P.AUDIT_LAST_CLEAN, time=formats.date_and_clock(state.clean_at, lang))
    yield html.P([icon("warning"), words], id="proof-audit", className="verdict trouble")
    if is_city(view.viewer):
        lines = [audit.trouble] if audit.trouble else [_difference(view, one) for one in audit.differences]
        items = html.Ul([html.Li(line) for line in lines])
        yield html.Details([html.Summary(t(lang, P.AUDIT_DETAILS)), items], id="proof-differences")


def _difference(view: View, found: Difference) -> str:
    place = [formats.date_and_clock(instant(found.start), view.lang), found.scope, *filter(None, found.dims)]
    return t(
        view.lang,
        P.AUDIT_DIFFERENCE,
        place=", ".join(place),
        column=found.column,
        stored=found.stored,
        recomputed=found.recomputed,
    )


def _newest(view: View, definition: KpiDefinition) -> AuditState | None:
    if view.proofs is None:
        return None
    try:
        found = view.proofs.audits()
    except KpiError:  # the store is away: the page says so itself
        return None
    return next((state for state in found if state.audit.kpi == definition.id), None)


def _versions(view: View, definition: KpiDefinition) -> Sequence[Component]:
    decided = view.reader.decisions(definition.id)
    items = [html.Li(_version(view, one)) for one in reversed(decided)]
    first = html.Li(t(view.lang, P.VERSION_FIRST, version=definition.version))
    return [html.H3(t(view.lang, P.VERSIONS)), html.Ul(items or [first], id="proof-versions")]


def _version(view: View, one: Decision) -> Sequence[Component | str]:
    hash_ = html.Code(f"{one.definition_hash[:_SHORT_HASH]}…") if one.definition_hash else ""
    return [_version_words(view, one), " ", hash_]


def _version_words(view: View, one: Decision) -> str:
    """What came of a decision; who decided is for the city."""
    lang = view.lang
    match one.state:
        case State.INITIAL:
            return t(lang, P.VERSION_FIRST, version=one.version)
        case State.WANTED:
            return t(lang, P.VERSION_WAITING, version=one.version)
        case State.REFUSED:
            return t(lang, P.VERSION_REFUSED, version=one.version)
    since = one.active or one.decided
    time = "" if since is None else formats.date_and_clock(since, lang)
    if not is_city(view.viewer):
        return t(lang, P.VERSION_SINCE, version=one.version, time=time, why=one.why)
    return t(lang, P.VERSION_SINCE_BY, version=one.version, time=time, who=one.who, why=one.why)
