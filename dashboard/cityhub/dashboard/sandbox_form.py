"""Reading the forms of the sandbox: what people type becomes a command, or sentences that say what to write. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import NamedTuple, TypeVar

from cityhub.dashboard.goal_form import count_in, date_in, number_in
from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.texts import Lang, Wording, t
from cityhub.kpi.kernel.windows import berlin

LONGEST = 200
"""Characters of a field of one line."""
LONGEST_SPEC = 9_000
"""Characters of a definition; more than the validator takes, so that it says so itself."""
_QUOTED = 40
_INSTANT = re.compile(r"(?:(\S+?)[ T]+)?([01]?[0-9]|2[0-3]):([0-5][0-9])(?: ?Uhr)?")


Read = TypeVar("Read")


class TypedDay(NamedTuple):
    """A day to replay, as typed."""

    day: object
    seed: object
    speed: object
    streams: object
    loop: object


class TypedInject(NamedTuple):
    """What is to go wrong, as typed."""

    kind: object
    share: object
    since: object
    until: object
    types: object
    subjects: object


class Unread(NamedTuple):
    """A field that cannot be read: what it is called, and why."""

    field: Wording
    words: str


class Typed:
    """Fields as they were typed, read one after the other; what cannot be read is gathered.

    Attributes:
        unread: all of these.
    """

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self.unread: list[Unread] = []

    def whole(self, field: Wording, said: object) -> int:
        """A whole number from 0."""
        return self._read(field, said, count_in(one_line(said)), Box.NO_WHOLE) or 0

    def whole_or_none(self, field: Wording, said: object) -> int | None:
        """A whole number from 0; None where nothing is typed."""
        return self.whole(field, said) if one_line(said) else None

    def number(self, field: Wording, said: object) -> float:
        """A decimal as the language writes it."""
        return self._read(field, said, number_in(one_line(said), self.lang), Goal.NO_NUMBER) or 0.0

    def day(self, field: Wording, said: object) -> date | None:
        """A day."""
        return self._read(field, said, date_in(one_line(said)), Goal.NO_DATE)

    def instant(self, field: Wording, said: object, day: date | None) -> datetime | None:
        """An instant; None where nothing is typed. Args: day = of a time without one."""
        text = one_line(said)
        return self._read(field, said, instant_in(text, day), Box.NO_INSTANT) if text else None

    def _read(self, field: Wording, said: object, found: Read | None, why: Wording) -> Read | None:
        if found is None:
            self.unread.append(Unread(field, t(self.lang, why, said=one_line(said)[:_QUOTED])))
        return found


def one_line(said: object) -> str:
    """A field of one line; anything else counts as empty."""
    return said.strip()[:LONGEST] if isinstance(said, str) else ""


def instant_in(said: str, day: date | None) -> datetime | None:
    """`07:00` of a day, `24.11.2026 07:00` or `2026-11-24T07:00`, in Duisburg's time, as UTC; None = it is none."""
    found = _INSTANT.fullmatch(said)
    when = day if found is None or found[1] is None else date_in(found[1])
    if found is None or when is None:
        return None
    return datetime.combine(when, time(int(found[2]), int(found[3])), berlin()).astimezone(UTC)


def words_in(said: object) -> list[str]:
    """What stands between commas or in lines."""
    return [part.strip() for part in re.split(r"[,\n]", said)][:50] if isinstance(said, str) and said.strip() else []


def chosen_in(said: object, offered: Iterable[str]) -> list[str]:
    """What was chosen of an offer; what was never offered is left out."""
    return [one for one in offered if one in said] if isinstance(said, list) else []
