"""Pure: what is known of a zone's day, quarter of an hour by quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from cityhub.adapters.formats.mscons import QUARTER
from cityhub.adapters.kit.local_time import LOCAL


class Slot(Struct, frozen=True, array_like=True):
    """Attributes: created: when the message was made that told it. amount: m³, None = taken back."""

    created: datetime
    amount: Decimal | None


class Day(Struct, array_like=True):
    """A day of a zone.

    Attributes:
        version: that was told last, 0 = none. volume: of it, m³. withdrawn: that was said of it.
        slots: by number of the quarter of an hour since midnight.
    """

    version: int = 0
    volume: int = 0
    withdrawn: bool = False
    slots: dict[int, Slot] = {}

    def learn(self, number: int, slot: Slot) -> None:
        """The youngest message counts, in whatever order they are read."""
        known = self.slots.get(number)
        if known is None or known.created <= slot.created:
            self.slots[number] = slot

    def news(self, quarters: int) -> str:
        """Moves on where there is something to tell.

        Args:
            quarters: that the day has.

        Returns:
            Why there is nothing to tell, "" where there is.
        """
        amounts = [slot.amount for slot in self.slots.values() if slot.amount is not None]
        whole = len(amounts) == quarters
        if not whole and not self.version:
            return "incomplete_day"
        volume = round(sum(amounts, Decimal())) if whole else self.volume
        if whole is not self.withdrawn and volume == self.volume and self.version:
            return "unchanged_day"
        self.version, self.volume, self.withdrawn = self.version + 1, volume, not whole
        return ""


def place(begin: datetime) -> tuple[date, int]:
    """Local day of an instant, and its number of the quarter of an hour since midnight."""
    day = begin.astimezone(LOCAL).date()
    return day, (begin - _midnight(day)) // QUARTER


def quarters(day: date) -> int:
    """92, 96 or 100."""
    return (_midnight(day + timedelta(days=1)) - _midnight(day)) // QUARTER


def last_quarter(day: date) -> datetime:
    """When the last one begins, so that what is told of a day falls on it."""
    return _midnight(day + timedelta(days=1)) - QUARTER


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Day).decode
