"""Reading the form of a target: what people type becomes a target, or sentences that say what to write. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.texts import Lang, Wording, t
from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.definition_target import LONGEST

_NUMBER = {
    "de": re.compile(r"[-\u2212]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]{1,12})(,[0-9]{1,9})?"),
    "en": re.compile(r"[-\u2212]?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,12})(\.[0-9]{1,9})?"),
}
_GERMAN = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_YEARS = range(2000, 2100)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,9}")
_QUOTED = 40
PARTS: Mapping[str, Wording] = {
    "value": Goal.TARGET,
    "low": Goal.TARGET,
    "high": Goal.TARGET,
    "watch": Goal.WATCH,
    "since": Goal.SINCE,
    "source": Goal.SOURCE,
    "why": Goal.WHY,
    "number": Goal.NUMBER,
    "who": Goal.WHO,
}
"""What the parts of a record are called in messages."""


class Filled(Struct, frozen=True):
    """The form as it was typed; `first` is the value, or of a band its lower limit."""

    first: str = ""
    high: str = ""
    watch: str = ""
    since: str = ""
    source: str = ""
    why: str = ""

    @classmethod
    def of(cls, said: Iterable[object]) -> Filled:
        """From what a browser sent; anything that is no text, or longer than any answer, counts as such."""
        return cls(*map(text_of, said))


class Unread(NamedTuple):
    """A part that cannot be read, and why."""

    part: str
    words: str


def text_of(said: object) -> str:
    """One field."""
    return said.strip()[: LONGEST + 1] if isinstance(said, str) else ""


def target_in(filled: Filled, definition: KpiDefinition, lang: Lang) -> Target | list[Unread]:
    """The target that a form says, or every part of it that cannot be read; whether it may hold is not asked here."""
    band = definition.direction == "band"
    typed = {"low" if band else "value": filled.first, "watch": filled.watch} | ({"high": filled.high} if band else {})
    numbers = {part: number_in(said, lang) for part, said in typed.items()}
    since = date_in(filled.since)
    unread = [
        Unread(part, t(lang, Goal.NO_NUMBER, said=typed[part][:_QUOTED]))
        for part, number in numbers.items()
        if number is None and typed[part]
    ]
    if since is None:
        return [*unread, Unread("since", t(lang, Goal.NO_DATE, said=filled.since[:_QUOTED]))]
    return unread or Target(**numbers, source=filled.source, since=since)


def number_in(said: str, lang: Lang) -> float | None:
    """A decimal as the language writes it; None = it is none."""
    if not _NUMBER[lang].fullmatch(said):
        return None
    thousands, mark = (".", ",") if lang == "de" else (",", ".")
    return float(said.replace(thousands, "").replace(mark, ".").replace("\u2212", "-"))


def date_in(said: str) -> date | None:
    """A day, `31.01.2027` or `2027-01-31`; None = it is none."""
    german = _GERMAN.fullmatch(said)
    try:
        if german:
            found = date(int(german[3]), int(german[2]), int(german[1]))
        elif _ISO.fullmatch(said):
            found = date.fromisoformat(said)
        else:
            return None
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def count_in(said: str) -> int | None:
    """A record's number; None = it is none."""
    return int(said) if _COUNT.fullmatch(said) else None
