"""MSCONS interchanges as energy data managements send them: partly with a decimal comma, partly in lines."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby

from msgspec import Struct

from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

QUARTER = timedelta(minutes=15)
_SENT_AGAIN = 0.05
_OWN, _HUB = "9903100000006", "9903200000004"
_HOUSE = "DE00056247051000000000000000HAUS42"


class Measured(Struct, frozen=True):
    """A value. Attributes: amount: in thousandths. worth: DE 6063."""

    begin: datetime
    end: datetime
    amount: int
    worth: str = "220"


class Curve(Struct, frozen=True):
    """What a message tells of a zone. Attributes: cancelled: the values are taken back."""

    zone: str
    register: str
    values: Sequence[Measured]
    cancelled: bool = False


def interchanges(
    seed: int, prefix: str, told: Sequence[Told], curves: Callable[[Sequence[Told]], Sequence[Curve]]
) -> dict[str, Callable[[], bytes]]:
    """Files by name, one for all that is told at once. Now and then an interchange is sent twice.

    Args:
        told: in the order in which it is told.
    """
    wanted: dict[str, Callable[[], bytes]] = {}
    for due, group in groupby(told, key=lambda one: one.due):
        wanted |= dict.fromkeys(_names(seed, prefix, due), partial(_interchange, seed, due, list(group), curves))
    return wanted


def midnight(day: date) -> datetime:
    """With which a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


def _names(seed: int, prefix: str, due: datetime) -> Iterator[str]:
    name = f"{prefix}_{due:%Y%m%dT%H%M}"
    yield f"{name}.edi"
    if happens(lot(seed, "mscons", name), _SENT_AGAIN):
        yield f"{name}_2.edi"


def _interchange(
    seed: int, due: datetime, told: Sequence[Told], curves: Callable[[Sequence[Told]], Sequence[Curve]]
) -> bytes:
    chance, found = lot(seed, "mscons-marks", due.isoformat()), curves(told)
    comma = happens(chance, 0.5)
    reference = f"SIM{due:%y%m%d%H%M}"
    head = f"UNB+UNOC:3+{_OWN}:500+{_HUB}:500+{due.astimezone(LOCAL):%y%m%d:%H%M}+{reference}++TL"
    messages = [segments for number, one in enumerate(found, 1) for segments in _message(number, due, one, comma)]
    ends = "'" + chance.choice(("", "\r\n"))
    text = ends.join([head, *messages, f"UNZ+{len(found)}+{reference}"]) + "'"
    return (_una(chance, comma) + text).encode("latin-1")


def _una(chance: random.Random, comma: bool) -> str:
    return "UNA:+,? '" if comma else "UNA:+.? '" if happens(chance, 0.5) else ""


def _message(number: int, due: datetime, curve: Curve, comma: bool) -> list[str]:
    """The first of a delivery holds a household too, which nobody asked for."""
    inlet = f"DE00056247051EINSPEISUNGZONE{int(curve.zone.removeprefix('zone-')):05d}"
    house = Measured(curve.values[0].begin, curve.values[0].begin + QUARTER, 17)
    body = [
        f"BGM+7+SIM{due:%y%m%d%H%M}-{number}+{1 if curve.cancelled else 9}",
        f"DTM+137:{_moment(due)}:303",
        "RFF+Z13:13008",
        f"NAD+MS+{_OWN}::293",
        f"NAD+MR+{_HUB}::293",
        "UNS+D",
        *_party(inlet, curve.register, curve.values, comma),
        *(_party(_HOUSE, curve.register, [house], comma) if number == 1 else ()),
    ]
    return [f"UNH+{number}+MSCONS:D:04B:UN:2.4c", *body, f"UNT+{len(body) + 2}+{number}"]


def _party(location: str, register: str, values: Sequence[Measured], comma: bool) -> Iterator[str]:
    yield "NAD+DP"
    yield f"LOC+172+{location}"
    yield f"DTM+163:{_moment(values[0].begin)}:303"
    yield f"DTM+164:{_moment(values[-1].end)}:303"
    yield "LIN+1"
    yield f"PIA+5+{register.replace(':', '?:')}:SRW"
    for one in values:
        yield f"QTY+{one.worth}:{one.amount / 1000:.3f}".replace(".", "," if comma else ".")
        yield f"DTM+163:{_moment(one.begin)}:303"
        yield f"DTM+164:{_moment(one.end)}:303"


def _moment(moment: datetime) -> str:
    """Local time with its offset; Duisburg lies east of Greenwich."""
    return f"{moment.astimezone(LOCAL):%Y%m%d%H%M?%z}"[:-2]
