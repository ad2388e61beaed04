"""The head of a partner's side and its table: does the ledger balance, and what became of the events of each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address_partner import PartnerPage
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.components.trace import reason_words
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.partner_texts import DOORS, Own
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError
from cityhub.kpi.ledger.balance import Balance, Day, Sent

DAYS = 7
"""Newest days with events that are shown."""
_NUMBERS = (
    (Own.SENT, "sent"),
    (Own.ACCEPTED, "accepted"),
    (Own.REJECTED, "rejected"),
    (Own.COUNTED, "counted"),
    (Own.DUPLICATE, "duplicate"),
    (Own.EXCLUDED, "excluded"),
    (Own.UNREAD, "unread"),
    (Own.AGAIN, "again"),
)


def balance_part(view: View, desk: PartnerDesk, partner: str, page: PartnerPage) -> Sequence[Component]:
    """What the ledger says, or that it cannot be read."""
    lang = view.lang
    try:
        found = desk.balance(partner)
    except KpiError as error:
        trouble = unreadable_part(Own.NO_BALANCE, error, lang)
        return [html.Section(trouble, className="card proof", id="balance")]
    return [_head(view, found), *([_days(found.days, page, lang)] if found.days else [])]


def _head(view: View, found: Balance) -> Component:
    lang = view.lang
    parts: list[Component] = [_verdict(found, lang)] if found.days or found.difference else []
    parts += [html.P(_gaps(view, sender), className="hint") for sender in found.senders if sender.missing]
    if under_way := sum(sender.under_way for sender in found.senders):
        parts.append(html.P(t(lang, Own.UNDER_WAY, n=formats.number(under_way, lang))))
    last = max((day.last for day in found.days), default=None)
    words = t(lang, Own.LAST_EVENT, time=formats.exact(last, lang)) if last else t(lang, Own.NOTHING_YET)
    return html.Section([*parts, html.P(words, id="last-event")], className="card proof", id="balance")


def _verdict(found: Balance, lang: Lang) -> Component:
    if not found.difference:
        return html.P([icon("met"), t(lang, Own.BALANCES)], className="verdict", id="verdict")
    words = Own.MISSING_ONE if found.difference == 1 else Own.MISSING_MANY
    text = t(lang, words, n=formats.number(found.difference, lang))
    return html.P([icon("warning"), text], role="alert", className="trouble", id="verdict")


def _gaps(view: View, sender: Sent) -> str:
    numbers = sender.missing_numbers
    if sender.since is None:
        return t(view.lang, Own.GAPS, name=sender.name, numbers=numbers)
    age = formats.age(view.now - sender.since, view.lang)
    return t(view.lang, Own.GAPS_SINCE, name=sender.name, numbers=numbers, age=age)


def _days(days: Sequence[Day], page: PartnerPage, lang: Lang) -> Component:
    table = day_table(days, lang)
    parts = [table_head(table, page, lang), plain_table(table, lang)]
    parts.append(html.P(t(lang, Own.DAYS_HINT), className="hint"))
    if forgotten := sum(day.forgotten for day in _newest(days)):
        parts.append(html.P(t(lang, Own.FORGOTTEN_HINT, n=formats.number(forgotten, lang)), className="hint"))
    return html.Section(parts, className="card proof")


def day_table(days: Sequence[Day], lang: Lang) -> Table:
    """What became of the events of each of the newest days."""
    return Table(
        caption=t(lang, Own.DAYS),
        parameter="days",
        columns=(
            *(Column(None, t(lang, words)) for words in (Own.DAY, P.TYPE, Own.DOOR)),
            *(Column(None, t(lang, words), 0) for words, _ in _NUMBERS),
            Column(None, t(lang, Own.REASONS)),
        ),
        rows=tuple(_row(day, lang) for day in _newest(days)),
    )


def _newest(days: Sequence[Day]) -> Sequence[Day]:
    shown = sorted({day.day for day in days})[-DAYS:]
    return [day for day in days if day.day in shown]


def _row(day: Day, lang: Lang) -> tuple[Cell, ...]:
    door = DOORS.get(day.door)
    return (
        formats.day(day.day, lang),
        Shown(day.stream, html.Code(day.stream)) if day.stream else t(lang, Own.UNREADABLE),
        t(lang, door) if door else day.door,
        *(getattr(day, name) for _, name in _NUMBERS),
        "; ".join([*_reasons(Own.REJECTED, day.rejected_by, lang), *_reasons(Own.EXCLUDED, day.excluded_by, lang)]),
    )


def _reasons(what: Own, counts: Mapping[str, int], lang: Lang) -> Sequence[str]:
    """`Abgewiesen: 2 zu groß (size)`."""
    said = (f"{formats.number(n, lang)} {reason_words(reason, lang)}" for reason, n in sorted(counts.items()))
    return [t(lang, Own.REASONS_OF, what=t(lang, what), reasons=", ".join(said))] if counts else []
