"""The lamps behind a number, one by one: the part of the page of energy per smart lamp."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from dash import html
from dash.development.base_component import Component
from msgspec import structs

from cityhub.api.access import may_see_things
from cityhub.bus.errors import BusError
from cityhub.dashboard import formats, units
from cityhub.dashboard.address import EventsPage, KpiPage
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.components.lamps import Lamp, lamp_row
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.opening import trouble
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.tables import capital
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.readout import Quotient
from cityhub.kpi.naming import partner_name
from cityhub.kpi.proof.service import ProofReader, number
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import KpiValue

KPI, LAMPS = "I08", "lamps"
"""The KPI whose page has the part, and the denominator that says how many lamps there are."""
SAVING, BASELINE = "I08-saving", "lamp_energy_baseline"
"""The further value that says what all old luminaires would have used, and its denominator."""
AT_ONCE = 24
KNOWN_FOR = timedelta(days=7)
"""A lamp that was not heard of for longer is none that is known: docs/health.md, `known`."""
_SILENT_NAMED = 6


def lamps_part(view: View, page: KpiPage, facts: KpiFacts) -> Component | None:
    """The lamps of the shown window, `AT_ONCE` a page; None of other KPIs and where nothing can be opened."""
    shown, proofs = facts.shown, view.proofs
    if facts.definition.id != KPI or shown is None or proofs is None:
        return None
    pages: Component | None = None
    if not may_see_things(view.viewer, facts.definition):
        body = [_not_for_all(view, facts)]
    else:
        try:
            baseline = _baseline(view, facts, shown)
            lamps = _lamps(proofs, facts, shown, baseline)
        except (KpiError, BusError) as error:
            words = [icon("warning"), trouble(error, view.lang)]
            body = [html.P(words, role="alert", id="lamps-trouble", className="trouble")]
        else:
            pages = _pages(view, page, len(lamps))
            body = [_lead(view, shown, lamps), _row(view, page, shown, lamps), _scale(view, shown, baseline)]
    head = html.Div([html.H2(t(view.lang, S.LAMPS), id="lamps-title"), pages], className="section-head")
    return html.Section([head, *body], className="card lamps-part", **{"aria-labelledby": "lamps-title"})


def _not_for_all(view: View, facts: KpiFacts) -> Component:
    partners = {one.contract.partner for one in facts.definition.sources.values()}
    names = ", ".join(sorted(partner_name(one, view.lang) for one in partners))
    return html.P(t(view.lang, S.LAMPS_FOR, partner=names), id="lamps-for")


def _lamps(proofs: ProofReader, facts: KpiFacts, shown: KpiValue, baseline: Fraction | None) -> Sequence[Lamp]:
    """Known lamps by name.

    Args:
        baseline: what one old luminaire used, in the KPI's unit; None = not known.

    Raises:
        KpiError, BusError: as `ProofReader`.
    """
    times, found = _times(facts), []
    for one in proofs.shares(number(shown.kpi_id, shown.window, anchor_of(shown)), KNOWN_FOR):
        used = one.adds.get("numerator", 0) * times if one.events else None
        share = None if used is None or baseline is None else float(used / baseline)
        address = EventsPage(shown.kpi_id, Asked.of(shown), subject=one.subject).address
        found.append(Lamp(one.subject, None if used is None else float(used), share, address))
    return found


def _lead(view: View, shown: KpiValue, lamps: Sequence[Lamp]) -> Component:
    """How many reported, and the silent ones by name."""
    lang, silent = view.lang, [lamp for lamp in lamps if lamp.used is None]
    heard, known = (formats.number(count, lang) for count in (len(lamps) - len(silent), len(lamps)))
    words: list[Component | str] = [
        t(lang, S.LAMPS_LEAD, period=capital(_period(view, shown)), heard=heard, known=known)
    ]
    if silent:
        words.append(f" {t(lang, S.LAMPS_SILENT)}: ")
        for place, lamp in enumerate(silent[:_SILENT_NAMED]):
            words += [", " if place else "", link(lamp.name, lamp.address, id=f"silent-{place}")]
        more = len(silent) - _SILENT_NAMED
        words.append(f" {t(lang, S.LAMPS_MORE, n=formats.number(more, lang))}." if more > 0 else ".")
    return html.P(words, id="lamps-lead")


def _row(view: View, page: KpiPage, shown: KpiValue, lamps: Sequence[Lamp]) -> Component:
    lang, first = view.lang, _page(page, len(lamps)) * AT_ONCE
    some = lamps[first : first + AT_ONCE]
    ends = {"first": formats.number(first + 1, lang), "last": formats.number(first + len(some), lang)}
    return lamp_row(some, shown.unit, t(lang, S.LAMPS_OF, period=_period(view, shown), **ends), lang)


def _scale(view: View, shown: KpiValue, baseline: Fraction | None) -> Component:
    """What filling and hatching mean."""
    lang = view.lang
    filled = (
        t(lang, S.LAMPS_NO_SCALE)
        if baseline is None
        else t(lang, S.LAMPS_SCALE, baseline=formats.quantity(float(baseline), shown.unit, lang))
    )
    rest = t(lang, S.LAMPS_HATCH, unit=units.sign(shown.unit, lang), days=KNOWN_FOR.days)
    return html.P(html.Small([filled, " ", rest]), id="lamps-scale")


def _pages(view: View, page: KpiPage, count: int) -> Component | None:
    """The ways to the lamps before and after, where not all are there at once."""
    if count <= AT_ONCE:
        return None
    lang, here = view.lang, _page(page, count)
    first, last = here * AT_ONCE + 1, min(count, (here + 1) * AT_ONCE)
    numbers = {name: formats.number(one, lang) for name, one in (("first", first), ("last", last), ("all", count))}
    parts = [html.Span(t(lang, P.ROWS, **numbers), id="lamps-range")]
    if here:
        parts.append(_page_link(page, here - 1, t(lang, P.PREVIOUS), "lamps-previous"))
    if last < count:
        parts.append(_page_link(page, here + 1, t(lang, P.NEXT), "lamps-next"))
    return html.Nav(parts, className="switch pages", **{"aria-label": t(lang, S.LAMPS_PAGES)})


def _page_link(page: KpiPage, there: int, words: str, key: str) -> Component:
    return link(words, f"{page.path}?{structs.replace(page, lamps=there).query}", id=key, className="choice")


def _page(page: KpiPage, count: int) -> int:
    """The page that is shown: the last one where an address names one behind it."""
    return max(0, min(page.lamps, (count - 1) // AT_ONCE))


def _period(view: View, shown: KpiValue) -> str:
    return formats.period(shown.window, shown.start, shown.end, view.now, view.lang)


def _baseline(view: View, facts: KpiFacts, shown: KpiValue) -> Fraction | None:
    """What one old luminaire would have used in the window, in the KPI's unit; None = it is not recorded."""
    if view.find(SAVING) is None:
        return None
    anchor = anchor_of(shown)
    saving = view.reader.series(SAVING, shown.window, anchor, anchor + timedelta(seconds=1))
    whole, lamps = saving[0].references.get(BASELINE) if saving else None, shown.references.get(LAMPS)
    return Fraction(whole, lamps) * _times(facts) if whole and lamps else None


def _times(facts: KpiFacts) -> Fraction:
    """From the integers that events add to the KPI's unit."""
    main = plan_of(facts.definition).main
    return main.times if isinstance(main, Quotient) else Fraction(1)
