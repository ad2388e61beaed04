"""An entry of a catalogue, whatever its form."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from msgspec import Struct

from cityhub.adapters.kit.local_time import LOCAL, from_local
from cityhub.sdk.contract_check import shown

_YEAR = re.compile(r"(\d{4})(?:-(\d{2}))?", re.A)


class Entry(Struct, frozen=True, kw_only=True):
    """What a catalogue says of a data set.

    Attributes:
        changed: when the record was changed last. issued, modified: as the record has it of the data.
        continuous: the data are changed all the time. period: in which they are modified, None where nobody says.
        public: everybody may have it. licences: as they are named, of the data set and its distributions.
    """

    identifier: str
    public: bool
    changed: datetime | None = None
    issued: datetime | None = None
    modified: datetime | None = None
    continuous: bool = False
    period: timedelta | None = None
    licences: tuple[str, ...] = ()


def instant(name: str, text: str | None, zone: tzinfo = LOCAL) -> datetime | None:
    """A date or date and time of ISO 8601; a day, a month or a year is its first midnight.

    Args:
        name: of the field, for messages. zone: of what has no offset, local or UTC.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    try:
        if found := _YEAR.fullmatch(text):
            text = date(int(found[1]), int(found[2] or 1), 1).isoformat()
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return from_local(moment) if zone is LOCAL else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {shown(text)} is no date of ISO 8601: {error}") from error
