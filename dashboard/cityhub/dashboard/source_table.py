"""The table of all sources, for the data-quality page and its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from cityhub.dashboard import formats
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.components.state import overdue_words
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.sources import SourceState, sources_of
from cityhub.dashboard.tables import Cell, Column, Table
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.health.kpi import blamed
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.health.source import State
from cityhub.kpi.naming import partner_name
from cityhub.kpi.reader import instant

_NEVER = datetime.max.replace(tzinfo=UTC)
_KEYS: dict[str, Callable[[SourceState], Any]] = {
    "partner": lambda one: one.contract.partner,
    "every": lambda one: one.freshness.every_s,
    "state": lambda one: one.freshness.as_of,
    "situation": lambda one: (not one.is_overdue, one.freshness.overdue_since or _NEVER),
    "received": lambda one: one.day.received if one.day else None,
    "rejected": lambda one: one.day.rejected if one.day else None,
    "heard": lambda one: one.day.heard / one.day.known if one.day and one.day.known and one.day.heard else None,
    "kpis": lambda one: -len(one.kpis),
}


def source_table(view: View, order: Order) -> Table:
    """A row for each source; what is not known comes last in both directions."""
    lang = view.lang
    sources = _ordered(view, sources_of(view), order)
    columns = (
        Column("source", t(lang, T.COLUMN_SOURCE)),
        Column("partner", t(lang, S.PARTNER)),
        Column("every", t(lang, S.PROMISED)),
        Column("state", t(lang, T.COLUMN_STATE)),
        Column("situation", t(lang, T.COLUMN_SITUATION)),
        Column("received", t(lang, S.RECEIVED), 0),
        Column("rejected", t(lang, S.REJECTED), 0),
        Column("heard", t(lang, S.HEARD)),
        Column("kpis", t(lang, S.READ_BY)),
    )
    return Table(
        caption=t(lang, S.SOURCES),
        parameter="sources",
        order=order,
        columns=columns,
        rows=tuple(_row(view, one) for one in sources),
    )


def _row(view: View, one: SourceState) -> tuple[Cell, ...]:
    lang, moment, day = view.lang, one.freshness.as_of, one.day
    return (
        one.contract.title.get(lang),
        partner_name(one.contract.partner, lang),
        formats.every(one.freshness.every_s, lang),
        formats.date_and_clock(moment, lang) if moment else t(lang, T.NEVER),
        " · ".join(_situation(view, one)),
        day.received if day else "–",
        day.rejected if day else "–",
        _heard(day.heard, day.known, lang) if day else "–",
        ", ".join(one.kpis) or "–",
    )


def _situation(view: View, one: SourceState) -> Sequence[str]:
    """Overdue, failing, refusing, or up to date; and whether it is simulated."""
    lang, feed = view.lang, one.feed
    if one.freshness.as_of is None:
        return [t(lang, S.NOTHING_YET, partner=partner_name(one.contract.partner, lang))]
    unseen = feed.unseen_since(view.now) if feed else None
    troubles = [
        overdue_words(one.freshness, view.now, lang) or _health_words(view, one),
        t(lang, T.FEED_FAILING, time=formats.moment_near(feed.failed_at, view.now, lang))
        if feed and feed.error and feed.failed_at
        else None,
        t(lang, T.FEED_UNSEEN, time=formats.moment_near(unseen, view.now, lang)) if unseen else None,
        t(lang, T.REJECTED_ITEMS, n=formats.number(sum(feed.rejected.values()), lang))
        if feed and feed.rejected
        else None,
    ]
    words = [trouble for trouble in troubles if trouble] or [t(lang, T.ALL_ON_TIME)]
    return [*words, *([t(lang, T.SIMULATION)] if one.stream and one.stream.synthetic else [])]


def _health_words(view: View, one: SourceState) -> str | None:
    """What is wrong with it, as the hub saw it; None while nothing is."""
    found = one.health
    if found is None or found.state is State.GOOD:
        return None
    since = instant(found.since_s)
    health = blamed(one.contract, found.state, found.cause, view.now, since=since, share=found.share)
    return sentence(health, view.lang)


def _heard(heard: int | None, known: int | None, lang: Lang) -> str:
    if known is None or heard is None:
        return "–"
    return t(lang, S.HEARD_OF, heard=formats.number(heard, lang), known=formats.number(known, lang))


def _ordered(view: View, sources: Sequence[SourceState], order: Order) -> Sequence[SourceState]:
    """Sorted as asked; of equal ones by title."""
    titled = sorted(sources, key=lambda one: one.contract.title.get(view.lang))
    if order.column == "source":
        return titled[::-1] if order.descending else titled
    key = _KEYS[order.column]
    known = [one for one in titled if key(one) is not None]
    unknown = [one for one in titled if key(one) is None]
    return sorted(known, key=key, reverse=order.descending) + unknown
