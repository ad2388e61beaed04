"""The partners' data state: who delivers, how fresh it is, what could not be counted."""

from __future__ import annotations

from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.adapters.status import FeedStatus
from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import icon, simulation_mark
from cityhub.dashboard.components.state import overdue_words
from cityhub.dashboard.freshness import Freshness, as_of, feed_of
from cityhub.dashboard.names import partner_full_name
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.values import StreamState

_HEADS = (
    (T.COLUMN_SOURCE, "left"),
    (T.COLUMN_STATE, "left"),
    (T.COLUMN_SITUATION, "left"),
    (T.COLUMN_RECORDS, "right"),
    (T.COLUMN_DUPLICATES, "right"),
    (T.COLUMN_REJECTED, "right"),
)


def data_page(view: View) -> Component:
    """Draw the state of every source."""
    lang = view.lang
    rows = [_row(stream, feed_of(stream.topic, view.feeds), view.now, lang) for stream in view.streams]
    return html.Div(
        [
            html.H1(t(lang, T.PARTNERS_STATE), id="headline", tabIndex="-1"),
            html.P(t(lang, T.DATA_INTRO), className="sentence"),
            _table(rows, lang) if rows else html.P(t(lang, T.NO_PARTNER_YET), className="empty"),
        ],
        className="data-page",
    )


def _table(rows: list[Component], lang: Lang) -> Component:
    heads = [dmc.TableTh(t(lang, head), className=align) for head, align in _HEADS]
    return html.Div(
        dmc.Table([dmc.TableThead(dmc.TableTr(heads)), dmc.TableTbody(rows, id="sources-rows")], id="sources"),
        className="card table-scroll",
        role="region",
        tabIndex="0",
        **{"aria-labelledby": "headline"},
    )


def _row(stream: StreamState, feed: FeedStatus | None, now: datetime, lang: Lang) -> Component:
    moment = as_of(stream, feed)
    state = Freshness.of(stream.partner, moment, feed.interval_s, now) if feed else None
    source = html.Div(
        [
            html.B(partner_full_name(stream.partner, lang)),
            html.Code(stream.topic),
            simulation_mark(lang) if stream.synthetic else None,
        ],
        className="source",
    )
    return dmc.TableTr(
        [
            dmc.TableTh(source),
            dmc.TableTd(formats.date_and_clock(moment, lang) if moment else t(lang, T.NEVER)),
            dmc.TableTd(_situation(state, feed, now, lang)),
            *(
                dmc.TableTd(formats.number(count, lang), className="right")
                for count in (stream.records, stream.duplicates, stream.rejected)
            ),
        ]
    )


def _situation(state: Freshness | None, feed: FeedStatus | None, now: datetime, lang: Lang) -> list[object]:
    """Overdue, failing, refusing, or up to date."""
    if state is None or feed is None:
        return []
    expected = t(lang, T.EXPECTED, every=formats.every(state.every_s, lang))
    troubles = [
        overdue_words(state, now, lang),
        t(lang, T.FEED_FAILING, time=formats.moment_near(feed.failed_at, now, lang))
        if feed.error and feed.failed_at
        else None,
        t(lang, T.REJECTED_ITEMS, n=formats.number(sum(feed.rejected.values()), lang)) if feed.rejected else None,
    ]
    words = [trouble for trouble in troubles if trouble]
    if not words:
        return [t(lang, T.ALL_ON_TIME), html.Br(), expected]
    return [part for word in words for part in (html.Span([icon("warning"), word], className="overdue"), html.Br())] + [
        expected
    ]
