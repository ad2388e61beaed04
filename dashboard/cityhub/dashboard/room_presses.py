"""What each button of a tenant's page does with the tenant's room."""

from __future__ import annotations

import time
from typing import Any

import dash
import msgspec
from dash import html
from dash.exceptions import PreventUpdate
from msgspec import Struct
from msgspec.structs import asdict

from cityhub.dashboard import formats
from cityhub.dashboard.components.comparison import comparison_part, verdict
from cityhub.dashboard.room_answers import Here, done, look_again, trouble, unread
from cityhub.dashboard.sandbox_desk import Inject, Standing
from cityhub.dashboard.sandbox_form import LONGEST_SPEC, Typed, TypedDay, TypedInject, chosen_in, one_line, words_in
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.texts import t
from cityhub.kpi.kernel.windows import berlin

_SHORT_HASH = 12
_PERCENT = 100


class Taken(Struct, frozen=True):
    """An own KPI that is counted now."""

    id: str
    version: int
    hash: str


class Written(Struct, frozen=True):
    """The text of an own KPI."""

    text: str


class Pair(Struct, frozen=True):
    """What is compared. Attributes: asked = tells one press from another."""

    own: str
    city: str
    asked: int


async def set_clock(here: Here, key: str, to: object) -> Any:
    """Args: key = freeze, pace-60, again or go; to = for go, as typed."""
    if key in {"again", "go"}:
        found = await here.desk.ask(here.who, here.tenant, {"do": "stand"}, Standing)
        if found.play is None:
            return trouble([t(here.lang, Box.CLOCK_NONE)])
        if key == "again":
            play = {"day": found.play.day, "seed": found.play.seed, "streams": found.play.streams}
            command: dict[str, Any] = {"do": "replay", "loop": found.play.loop, "speed": found.speed, **play}
        else:
            typed = Typed(here.lang)
            instant = typed.instant(Box.GO_FIELD, one_line(to) or "–", found.play.day)
            if typed.unread:
                return unread(typed.unread, here.lang)
            command = {"do": "clock", "advance": instant}
    else:
        command = {"do": "clock", "speed": float(key.partition("-")[2] or 0)}
    await here.desk.ask(here.who, here.tenant, command, Standing)
    look_again()
    return done(t(here.lang, Box.SET))


async def begin_day(here: Here, said: TypedDay) -> Any:
    """Replay a day from its beginning."""
    typed = Typed(here.lang)
    command = {
        "do": "replay",
        "day": typed.day(Box.DAY_FIELD, said.day),
        "seed": typed.whole(Box.SEED_FIELD, said.seed),
        "speed": typed.number(Box.SPEED_FIELD, said.speed),
        "streams": chosen_in(said.streams, here.desk.offer().streams),
        "loop": said.loop is True,
    }
    if typed.unread:
        return unread(typed.unread, here.lang)
    found = await here.desk.ask(here.who, here.tenant, command, Standing)
    look_again()
    return done(t(here.lang, Box.BEGUN, day=formats.date(found.now, here.lang)))


async def add_inject(here: Here, said: TypedInject) -> Any:
    """Let something go wrong."""
    standing = await here.desk.ask(here.who, here.tenant, {"do": "stand"}, Standing)
    day = standing.play.day if standing.play else standing.now.astimezone(berlin()).date()
    typed = Typed(here.lang)
    inject = {
        "kind": one_line(said.kind),
        "share": typed.number(Box.SHARE_FIELD, said.share) / _PERCENT,
        "from": typed.instant(Box.FROM_FIELD, said.since, day),
        "until": typed.instant(Box.UNTIL_FIELD, said.until, day),
        "where": {"types": words_in(said.types), "subjects": words_in(said.subjects)},
    }
    if typed.unread:
        return unread(typed.unread, here.lang)
    found = await here.desk.ask(here.who, here.tenant, {"do": "inject", "inject": inject}, Inject)
    look_again()
    since = standing.now if found.since is None else found.since
    return done(t(here.lang, Box.ADDED_INJECT, time=formats.date_and_clock(since, here.lang)))


async def clear_injects(here: Here) -> Any:
    """From now on nothing goes wrong."""
    await here.desk.ask(here.who, here.tenant, {"do": "clear-injects"}, Standing)
    look_again()
    return done(t(here.lang, Box.CLEARED_INJECTS))


async def put_own(here: Here, text: object) -> Any:
    """Take an own KPI; it can be compared at once."""
    written = text[:LONGEST_SPEC] if isinstance(text, str) else ""
    taken = await here.desk.ask(here.who, here.tenant, {"do": "put-kpi", "text": written}, Taken)
    dash.set_props("sandbox-own", {"value": taken.id})
    look_again()
    return done(t(here.lang, Box.TAKEN, id=taken.id, version=taken.version, hash=taken.hash[:_SHORT_HASH]))


async def show_own(here: Here, kpi: object) -> Any:
    """Put the text of an own KPI into the form."""
    if not one_line(kpi):
        return trouble([t(here.lang, Box.CHOOSE_OWN)])
    found = await here.desk.ask(here.who, here.tenant, {"do": "show-kpi", "kpi": one_line(kpi)}, Written)
    dash.set_props("sandbox-spec", {"value": found.text})
    return ""


async def drop_own(here: Here, kpi: object) -> Any:
    """Delete an own KPI."""
    if not one_line(kpi):
        return trouble([t(here.lang, Box.CHOOSE_OWN)])
    await here.desk.ask(here.who, here.tenant, {"do": "drop-kpi", "kpi": one_line(kpi)}, Standing)
    dash.set_props("sandbox-own", {"value": None})
    dash.set_props("sandbox-comparing", {"data": None})
    look_again()
    return done(t(here.lang, Box.DROPPED, id=one_line(kpi)))


async def compare(here: Here, own: object, city: object) -> Any:
    """What is to be drawn; `beside` draws it."""
    if not one_line(own) or not one_line(city):
        words = Box.CHOOSE_CITY if one_line(own) else Box.CHOOSE_OWN
        return trouble([t(here.lang, words)])
    await here.desk.tenant(here.who, here.tenant)  # what is chosen for a room that is not theirs is refused at once
    pair = Pair(one_line(own), one_line(city), time.time_ns())
    dash.set_props("sandbox-comparing", {"data": asdict(pair)})
    return dash.no_update


async def beside(here: Here, pair: object, drawn: object) -> tuple[Any, Any]:
    """Chart and table of both where the clock has gone on or the reader has asked, and what is drawn then.

    How many windows differ is read out to whoever asked; as the comparison follows the clock it only stands there.
    """
    try:
        wanted = msgspec.convert(pair, Pair)
    except msgspec.ValidationError as error:
        raise PreventUpdate from error  # nothing is compared yet
    standing = await here.desk.ask(here.who, here.tenant, {"do": "stand"}, Standing)
    now = {**asdict(wanted), "now": standing.now.isoformat()}
    if drawn == now:
        raise PreventUpdate
    course = await here.desk.course(here.who, here.tenant, one_line(wanted.own), one_line(wanted.city))
    part = comparison_part(course, here.tenant, here.lang, here.theme)
    words = verdict(course.comparison, here.lang)
    asked = not isinstance(drawn, dict) or drawn.get("asked") != wanted.asked
    dash.set_props("sandbox-compare-said", {"children": html.P(words) if asked else ""})
    return html.Div([html.P(words, hidden=asked), part]), now
