"""What a tenant's room shows of itself: its clock, what goes wrong in it, its newest entries, what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.sandbox_desk import Entry, Inject, Play, Standing, Usage
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, t
from cityhub.kpi.kernel.windows import berlin

KINDS = {
    "late": Box.LATE,
    "duplicate": Box.DUPLICATE,
    "disorder": Box.DISORDER,
    "bad-schema": Box.BAD_SCHEMA,
    "outage": Box.OUTAGE,
    "silent": Box.SILENT,
    "storm": Box.STORM,
    "bridge-closed": Box.BRIDGE,
}
"""What injects are called; one that is not here is shown by its code."""
ENTRIES = {"event": Box.EVENT, "value": Box.VALUE, "refused": Box.REFUSED}
"""What entries of a log are called."""
_BEHIND = timedelta(minutes=1)
_DECIMALS = 2


def clock_words(standing: Standing, lang: Lang) -> Sequence[Component]:
    """Virtual time, how it goes on, and what is replayed."""
    if standing.play is None:
        return [html.P(t(lang, Box.CLOCK_NONE), className="empty")]
    seen = formats.exact(standing.now, lang)
    now = html.P([icon("clock"), html.Strong(t(lang, Box.NOW, time=seen))], className="verdict")
    return [
        now,
        html.P(" ".join(_course(standing, lang))),
        html.P(_play(standing, standing.play, lang), className="hint"),
    ]


def _course(standing: Standing, lang: Lang) -> Iterator[str]:
    if standing.rushing_to is not None:
        yield t(lang, Box.RUSHES, time=formats.exact(standing.rushing_to, lang))
    elif standing.frozen_at is not None:
        yield t(lang, Box.STANDS)
    else:
        yield t(lang, Box.RUNS, speed=speed_words(standing.speed, lang))
        if standing.behind_s > _BEHIND.total_seconds() * max(1.0, standing.speed / 60):
            yield t(lang, Box.BEHIND, age=formats.age(timedelta(seconds=standing.behind_s), lang))
    if standing.ends is not None and standing.now >= standing.ends:
        yield t(lang, Box.OVER)
    elif standing.play is not None and standing.play.loop:
        yield t(lang, Box.LOOPS)


def speed_words(speed: float, lang: Lang) -> str:
    """A speed without needless decimals."""
    return formats.number(speed, lang, 0 if speed == int(speed) else _DECIMALS)


def _play(standing: Standing, play: Play, lang: Lang) -> str:
    streams = ", ".join(play.streams) or t(lang, Box.ALL_STREAMS)
    n = formats.number(standing.events, lang)
    return t(lang, Box.PLAYS, day=formats.day(play.day, lang), seed=play.seed, streams=streams, n=n)


def inject_list(injects: Sequence[Inject], lang: Lang) -> Component:
    """One line each."""
    if not injects:
        return html.P(t(lang, Box.NO_INJECTS), className="empty")
    return html.Ul([html.Li(_inject(one, lang)) for one in injects])


def _inject(one: Inject, lang: Lang) -> str:
    start = "" if one.since is None else formats.date_and_clock(one.since, lang)
    if one.until is None:
        span = t(lang, Box.SPAN_OPEN, start=start)
    else:
        span = t(lang, Box.SPAN, start=start, end=formats.date_and_clock(one.until, lang))
    said = t(lang, Box.INJECT, kind=kind_words(one.kind, lang), share=formats.percent(one.share, lang), span=span)
    return " · ".join([said, *one.where.types, *one.where.subjects, *one.where.boroughs])


def kind_words(kind: str, lang: Lang) -> str:
    """What an inject is called."""
    return t(lang, KINDS[kind]) if kind in KINDS else kind


def entry_table(entries: Sequence[Entry], lang: Lang) -> Table:
    """Newest entries of a log, as they came."""
    heads = (Box.AT, Box.WHAT, Box.ENTRY, Box.SAYS)
    return Table(
        caption=t(lang, Box.NEWEST),
        parameter="entries",
        columns=tuple(Column(None, t(lang, head)) for head in heads),
        rows=tuple(_entry(one, lang) for one in entries),
    )


def _entry(one: Entry, lang: Lang) -> tuple[Cell, ...]:
    kind = t(lang, ENTRIES[one.kind]) if one.kind in ENTRIES else one.kind
    return formats.exact(one.at, lang), kind, Shown(one.name, html.Code(one.name)), Shown(one.says, html.Code(one.says))


def request_table(usage: Usage | None, lang: Lang) -> Table:
    """What programs have asked lately, newest first."""
    heads = (Box.REAL_TIME, Box.REQUEST, Box.STATUS, Box.TOOK)
    return Table(
        caption=t(lang, Box.ASKED),
        parameter="requests",
        columns=tuple(Column(None, t(lang, head), 0 if head is Box.TOOK else None) for head in heads),
        rows=tuple(
            (f"{one.at.astimezone(berlin()):%H:%M:%S}", f"{one.method} {one.path}", str(one.status), one.took_ms)
            for one in (usage.lately if usage else ())
        ),
    )


def limits_words(usage: Usage, lang: Lang) -> str:
    """How much is left."""
    numbers = {"left": usage.left, "quota": usage.quota, "n": usage.requests, "refused": usage.refused}
    said = t(lang, Box.LIMITS, **{name: formats.number(number, lang) for name, number in numbers.items()})
    return said if usage.lately else f"{said} {t(lang, Box.NO_REQUESTS)}"
