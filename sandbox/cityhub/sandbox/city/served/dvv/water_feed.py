"""Energy data management of DVV, an MSCONS interchange per delivery: docs/adapters/dvv-water-feed.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.drop_folder import arranged
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_STREAM = "water"
_AHEAD = timedelta(days=2, hours=4)
"""What is replaced when the history begins was told up to so long before."""
_QUARTER = timedelta(minutes=15)
_SENT_AGAIN, _REPLACED = 0.05, 0.02
_OWN, _HUB = "9903100000006", "9903200000004"


def _before(chronicle: Chronicle, start: datetime) -> Sequence[Told]:
    """First versions only."""
    return [told for told in chronicle.between([_STREAM], start - _AHEAD, start) if told.version == "1"]


def _drop(city: City, folder: Path) -> None:
    """Files of all deliveries since the history began; older ones are cleared away."""
    now = city.clock()
    begin = now - city.chronicle.history(_STREAM)
    told = [*_before(city.chronicle, begin), *city.chronicle.between([_STREAM], begin, now)]
    wanted: dict[str, Callable[[], bytes]] = {}
    for due, group in groupby(told, key=lambda one: one.due):
        wanted |= dict.fromkeys(_names(city.seed, due), partial(_interchange, city.seed, due, list(group)))
    arranged(folder, wanted)


def _names(seed: int, due: datetime) -> Iterator[str]:
    """Now and then an interchange is sent twice."""
    name = f"MSCONS_TL_{due:%Y%m%dT%H%M}"
    yield f"{name}.edi"
    if happens(lot(seed, "mscons", name), _SENT_AGAIN):
        yield f"{name}_2.edi"


def _interchange(seed: int, due: datetime, told: Sequence[Told]) -> bytes:
    """Partly with a decimal comma, as UNA says, partly in lines."""
    chance = lot(seed, "mscons-marks", due.isoformat())
    comma = happens(chance, 0.5)
    reference = f"SIM{due:%y%m%d%H%M}"
    head = f"UNB+UNOC:3+{_OWN}:500+{_HUB}:500+{due.astimezone(LOCAL):%y%m%d:%H%M}+{reference}++TL"
    messages = [segments for number, one in enumerate(told, 1) for segments in _message(seed, number, due, one, comma)]
    ends = "'" + chance.choice(("", "\r\n"))
    text = ends.join([head, *messages, f"UNZ+{len(told)}+{reference}"]) + "'"
    return (("UNA:+,? '" if comma else "UNA:+.? '" if happens(chance, 0.5) else "") + text).encode("latin-1")


def _message(seed: int, number: int, due: datetime, told: Told, comma: bool) -> list[str]:
    """A zone's day; the first of a delivery holds a household too, which nobody asked for."""
    cancelled = told.data.get("withdrawn", False)
    day = date.fromisoformat(told.data["period"])
    inlet = f"DE00056247051EINSPEISUNGZONE{int(told.subject.removeprefix('zone-')):05d}"
    body = [
        f"BGM+7+SIM{due:%y%m%d%H%M}-{number}+{1 if cancelled else 9}",
        f"DTM+137:{_moment(due)}:303",
        "RFF+Z13:13008",
        f"NAD+MS+{_OWN}::293",
        f"NAD+MR+{_HUB}::293",
        "UNS+D",
        *_party(inlet, _quarters(seed, told, day), comma),
        *(_party("DE00056247051000000000000000HAUS42", {_midnight(day): 17}, comma) if number == 1 else ()),
    ]
    return [f"UNH+{number}+MSCONS:D:04B:UN:2.4c", *body, f"UNT+{len(body) + 2}+{number}"]


def _party(location: str, quarters: Mapping[datetime, int], comma: bool) -> Iterator[str]:
    """Args: quarters: litres by begin of the quarter of an hour."""
    begins = list(quarters)
    yield "NAD+DP"
    yield f"LOC+172+{location}"
    yield f"DTM+163:{_moment(begins[0])}:303"
    yield f"DTM+164:{_moment(begins[-1] + _QUARTER)}:303"
    yield "LIN+1"
    yield "PIA+5+8-0?:1.29.0:SRW"
    for begin, litres in quarters.items():
        worth = "67" if happens(lot("mscons-worth", location, begin), _REPLACED) else "220"
        amount = f"{litres / 1000:.3f}".replace(".", "," if comma else ".")
        yield f"QTY+{worth}:{amount}"
        yield f"DTM+163:{_moment(begin)}:303"
        yield f"DTM+164:{_moment(begin + _QUARTER)}:303"


def _quarters(seed: int, told: Told, day: date) -> Mapping[datetime, int]:
    """What the day's volume was made of, litres."""
    begin, end = _midnight(day), _midnight(day + timedelta(days=1))
    count = (end - begin) // _QUARTER
    chance = lot(seed, "quarters", *told.key)
    weights = [chance.uniform(0.4, 1.6) for _ in range(count)]
    litres = [int(1000 * told.data["volume_m3"] * weight / sum(weights)) for weight in weights]
    litres[-1] += 1000 * told.data["volume_m3"] - sum(litres)
    return {begin + number * _QUARTER: amount for number, amount in enumerate(litres)}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


def _moment(moment: datetime) -> str:
    """Local time with its offset; Duisburg lies east of Greenwich."""
    return f"{moment.astimezone(LOCAL):%Y%m%d%H%M?%z}"[:-2]


SERVED = Served(feed="dvv.water-feed", streams=(_STREAM,), drop=_drop, before=_before)
