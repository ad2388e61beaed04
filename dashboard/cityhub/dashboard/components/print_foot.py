"""What a printed page says below itself: how fresh its numbers are, and what proves the one it is about."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.components.state import data_state_line
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View


def print_foot(view: View, facts: KpiFacts) -> Component:
    """Hidden on screens."""
    lang, shown, definition = view.lang, facts.shown, facts.definition
    printed = t(lang, S.PRINTED, time=formats.date_and_clock(view.now, lang))
    proof = [] if shown is None else [html.P(t(lang, S.PRINTED_NUMBER, revision=shown.revision, digest=shown.digest))]
    if shown is not None and view.proofs is not None:
        address = f"/receipts/{quote(definition.id, safe='')}?{urlencode(Asked.of(shown).pairs)}"
        proof.append(html.P(t(lang, S.PRINTED_RECEIPT, address=address)))
    words = t(lang, S.PRINTED_DEFINITION, kpi=definition.id, version=definition.version, hash=definition.hash)
    return html.Div(
        [data_state_line(facts.freshness, view.now, lang, id="print-state"), html.P(printed), html.P(words), *proof],
        className="print-only",
        id="print-foot",
    )
