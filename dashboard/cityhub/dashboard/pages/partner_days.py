"""The head of a partner's side and its table: does the ledger balance, and what became of the events of each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.plain_table import plain_table
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.components.trace import reason_words
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.partner_texts import DOORS, Own
from cityhub.dashboard.proof_texts import P
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


def balance_part(view: View, desk: PartnerDesk, partner: str) -> Sequence[Component]:
    """What the ledger says, or that it cannot be read."""
    lang = view.lang
    try:
        found = desk.balance(partner)
    except KpiError as error:
        trouble = unreadable_part(Own.NO_BALANCE, error, lang)
        return [html.Section(trouble, className="card proof", id="balance")]
    return [_head(view, found), *([_days(found.days, lang)] if found.days else [])]


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


def _days(days: Sequence[Day], lang: Lang) -> Component:
    shown = sorted({day.day for day in days})[-DAYS:]
    some = [day for day in days if day.day in shown]
    heads = [(t(lang, words), "left") for words in (Own.DAY, P.TYPE, Own.DOOR)]
    heads += [(t(lang, words), "right") for words, _ in _NUMBERS]
    parts: list[Component] = [
        html.H2(t(lang, Own.DAYS), id="days-head"),
        plain_table("days", heads, [_row(day, lang) for day in some]),
        html.P(t(lang, Own.DAYS_HINT), className="hint"),
    ]
    if forgotten := sum(day.forgotten for day in some):
        parts.append(html.P(t(lang, Own.FORGOTTEN_HINT, n=formats.number(forgotten, lang)), className="hint"))
    return html.Section(parts, className="card proof")


def _row(day: Day, lang: Lang) -> Component:
    reasons: Mapping[str, Mapping[str, int]] = {"rejected": day.rejected_by, "excluded": day.excluded_by}
    stream = html.Code(day.stream) if day.stream else t(lang, Own.UNREADABLE)
    door = DOORS.get(day.door)
    numbers = [_number(getattr(day, name), reasons.get(name, {}), lang) for _, name in _NUMBERS]
    return dmc.TableTr(
        [
            dmc.TableTh(formats.day(day.day, lang)),
            dmc.TableTd(stream),
            dmc.TableTd(t(lang, door) if door else day.door),
            *(dmc.TableTd(list(cell), className="right") for cell in numbers),
        ]
    )


def _number(number: int, reasons: Mapping[str, int], lang: Lang) -> Iterable[Component | str]:
    yield formats.number(number, lang)
    for reason, n in sorted(reasons.items()):
        yield html.Small(f"{formats.number(n, lang)} {reason_words(reason, lang)}")
