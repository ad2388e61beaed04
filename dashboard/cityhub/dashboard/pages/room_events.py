"""The events behind a number in a tenant's room, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component
from msgspec.structs import replace

from cityhub.dashboard import formats
from cityhub.dashboard.components.breadcrumb import trail
from cityhub.dashboard.components.comparison import place_words
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.table import plain_table
from cityhub.dashboard.components.tenants import simulated
from cityhub.dashboard.proof_rows import amount_words, items_of, reason_words
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.room_answers import said_of
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.dashboard.sandbox_desk import SandboxDesk, SandboxRefused
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.explain import Contribution, Exclusion, Page
from cityhub.kpi.reader import instant

ROWS = 25


def room_events_page(view: View, desk: SandboxDesk, page: SandboxEventsPage) -> Component:
    """Draw them.

    Raises:
        NoSuchTenant, SandboxAway: as the desk does.
    """
    lang, asked = view.lang, page.asked
    command = {
        "do": "explain",
        "kpi": page.kpi,
        "window": asked.window,
        "at": asked.at,
        "scope": asked.scope,
        "first": page.page * ROWS,
        "size": ROWS,
        "excluded": page.excluded,
    }
    try:
        body = _found(page, desk.waited(desk.ask(view.viewer, page.tenant, command, Page)), lang)
    except SandboxRefused as error:
        body = [said_of(error, lang)]
    tenant = link(page.tenant, SandboxPage(page.tenant).path)
    return html.Div(
        [
            simulated(lang),
            trail(lang, [link(t(lang, Box.PAGE), SandboxPage().path), tenant], page.kpi),
            html.H1(t(lang, Box.EVENTS_PAGE, kpi=page.kpi), id="headline", tabIndex="-1"),
            html.P(_span(page, lang), className="sentence"),
            html.Section(body, className="card proof"),
            html.P(link(t(lang, Box.EVENTS_BACK), SandboxPage(page.tenant).path, id="sandbox-back")),
        ],
        className="sandbox-page",
    )


def _span(page: SandboxEventsPage, lang: Lang) -> str:
    kind, at = page.asked.window, page.asked.at
    if kind is None or at is None:
        return place_words(page.asked.scope, lang)
    window = window_at(kind, int(at.timestamp()))
    span = formats.window(kind, instant(window.start), instant(window.end), lang)
    return f"{span} · {place_words(page.asked.scope, lang)}"


def _found(page: SandboxEventsPage, found: Page, lang: Lang) -> Sequence[Component]:
    counted, excluded = (formats.number(count, lang) for count in (found.counted, found.excluded))
    words = [t(lang, P.EVENTS_LEAD, counted=counted, excluded=excluded)]
    if found.reasons:
        reasons = (f"{reason_words(name, lang)} ({formats.number(n, lang)})" for name, n in found.reasons.items())
        words.append(t(lang, P.EVENTS_REASONS, reasons=", ".join(reasons)))
    items = items_of(found)
    lead = [html.P(" ".join(words), id="events-lead"), _choice(page, lang)]
    if not items:
        return [*lead, html.P(t(lang, P.NONE), id="events-none")]
    head = html.H2(t(lang, P.EVENTS_OF, kpi=page.kpi), id="events-head")
    all_ = found.excluded if page.excluded else found.counted
    return [*lead, head, plain_table(_table(page, items, lang), lang), _pages(page, len(items), all_, lang)]


def _choice(page: SandboxEventsPage, lang: Lang) -> Component:
    choices = [
        link(
            t(lang, words),
            replace(page, excluded=excluded, page=0).address,
            id=f"events-{words.name.lower()}",
            className="choice",
            **{"aria-current": str(excluded == page.excluded).lower()},
        )
        for excluded, words in ((False, P.COUNTED), (True, P.EXCLUDED))
    ]
    return html.Nav(choices, className="switch", **{"aria-label": t(lang, P.SHOWN)})


def _table(page: SandboxEventsPage, items: Sequence[Contribution | Exclusion], lang: Lang) -> Table:
    heads = (P.TIME, P.REASON if page.excluded else P.ADDS, P.SUBJECT, P.TYPE, P.ID)
    return Table(
        caption=t(lang, P.EVENTS_OF, kpi=page.kpi),
        parameter="events",
        columns=tuple(Column(None, t(lang, head)) for head in heads),
        rows=tuple(_row(item, lang) for item in items),
    )


def _row(item: Contribution | Exclusion, lang: Lang) -> tuple[Cell, ...]:
    origin = item.origin
    if isinstance(item, Exclusion):
        says = reason_words(item.reason, lang)
    else:
        says = ", ".join(amount_words(*one, lang) for one in item.adds.items()) or t(lang, P.ONLY_COUNTED)
    codes = (Shown(text, html.Code(text)) for text in (origin.subject, origin.type, origin.id))
    return formats.exact(origin.time, lang), says, *codes


def _pages(page: SandboxEventsPage, shown: int, count: int, lang: Lang) -> Component:
    first = page.page * ROWS
    numbers = {"first": first + 1, "last": first + shown, "all": count}
    words = t(lang, P.ROWS, **{name: formats.number(number, lang) for name, number in numbers.items()})
    links = []
    if page.page:
        links.append(_page_link(t(lang, P.PREVIOUS), replace(page, page=page.page - 1)))
    if first + shown < count:
        links.append(_page_link(t(lang, P.NEXT), replace(page, page=page.page + 1)))
    return html.Nav(
        [html.Span(words, id="events-range"), *links], className="switch pages", **{"aria-label": t(lang, P.PAGES)}
    )


def _page_link(words: str, page: SandboxEventsPage) -> Component:
    return link(words, page.address, className="choice")
