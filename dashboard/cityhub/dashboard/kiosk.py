"""What a kiosk shows: public KPIs only, a few large tiles at a time. Pure; the browser rotates by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from msgspec import Struct

from cityhub.api.access import may_read
from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import STATUS_WORD, trend_words
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts, read_all
from cityhub.dashboard.tables import notes_of
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import is_reliable
from cityhub.kpi.fields import ActionField
from cityhub.kpi.naming import partner_name

OVERVIEW = "overview"
MOST_TILES = 6
"""Of one view; fewer would be empty, more too small to be read from five metres."""
_NOTHING = "–"
"""In place of a number; the status beside it says why there is none."""


class KioskTile(Struct, frozen=True, kw_only=True):
    """One KPI in words.

    Attributes:
        number, unit: apart, as they are written in two sizes. note: how settled it is, and that it is simulated.
        doubtful: the number is shown grey. late: `state` is a warning.
    """

    name: str
    number: str
    unit: str
    period: str
    status: str
    status_word: str
    trend: str
    note: str
    state: str
    doubtful: bool
    late: bool


class KioskView(Struct, frozen=True):
    """What stands on the screen at one time."""

    title: str
    tiles: Sequence[KioskTile]


def playlists(view: View) -> Sequence[str]:
    """What can be shown: all fields in turn, or one."""
    return [OVERVIEW, *(field.id for field in view.reader.catalogue.fields)]


def views_of(view: View, playlist: str) -> Sequence[KioskView]:
    """The views of a playlist in their order; without KPIs that are not public, whoever asks."""
    catalogue = view.reader.catalogue
    fields = [field for field in catalogue.fields if playlist in {OVERVIEW, field.id}]
    public = [one for field in fields for one in catalogue.of_field(field.id) if may_read(None, one)]
    facts = read_all(view, public)
    return [shown for field in fields for shown in _of_field(view, field, facts)]


def _of_field(view: View, field: ActionField, facts: Mapping[str, KpiFacts]) -> Sequence[KioskView]:
    """Those with a value, evenly over as many views as they need; where there is none, some that say so."""
    mine = [one for one in facts.values() if one.definition.field == field.id]
    shown = [one for one in mine if one.shown] or mine[:MOST_TILES]
    count = ceil(len(shown) / MOST_TILES)
    name = field.name.get(view.lang)
    found = []
    for number in range(count):
        part = shown[number * len(shown) // count : (number + 1) * len(shown) // count]
        title = name if count == 1 else f"{name} ({number + 1}/{count})"
        found.append(KioskView(title, [_tile(view, one) for one in part]))
    return found


def _tile(view: View, facts: KpiFacts) -> KioskTile:
    lang, value = view.lang, facts.shown
    known = value is not None and value.value is not None
    number, _, unit = value_words(value, lang).partition(formats.NBSP) if value and known else (_NOTHING, "", "")
    notes = notes_of(facts, value, lang, brief=True) if value else []
    state, late = _state(view, facts)
    return KioskTile(
        name=facts.definition.name.get(lang),
        number=number,
        unit=unit,
        period=formats.period(value.window, value.start, value.end, view.now, lang) if value else "",
        status=facts.status,
        status_word=t(lang, STATUS_WORD[facts.status]),
        trend=_trend(facts, lang),
        note=" · ".join([*notes, *([t(lang, T.SIMULATION)] if facts.synthetic else [])]),
        state=state,
        doubtful=value is None or not known or not is_reliable(value),
        late=late,
    )


def _trend(facts: KpiFacts, lang: Lang) -> str:
    definition = facts.definition
    return trend_words(facts.trend, definition.unit, definition.default_window, lang) if facts.trend else ""


def _state(view: View, facts: KpiFacts) -> tuple[str, bool]:
    """The data state, and whether it is late."""
    lang, fresh = view.lang, facts.freshness
    partner = partner_name(fresh.partner, lang)
    if fresh.as_of is None:
        every = formats.every(fresh.every_s, lang)
        return t(lang, T.EXPECTED_FROM, partner=partner, every=every), False
    said = [t(lang, T.SHORT_STATE, time=formats.moment_near(fresh.as_of, view.now, lang)), partner]
    if fresh.overdue_since:
        said.append(t(lang, T.OVERDUE_SHORT, age=formats.age(view.now - fresh.overdue_since, lang)))
    return " · ".join(said), fresh.overdue_since is not None
