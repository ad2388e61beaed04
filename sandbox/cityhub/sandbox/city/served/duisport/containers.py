"""The terminals' EDIFACT messages, an interchange per hour: docs/adapters/duisport-containers.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from cityhub.sandbox.city.served.drop_folder import arranged
from cityhub.sandbox.city.served.duisport.track_and_trace import SIZES
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_STREAM = "containers"
_HOUR, _INSTANT = timedelta(hours=1), timedelta(microseconds=1)
_REPORTS = {
    "gated-in": ("CODECO:D:95B:UN:SMDG16", "34"),
    "gated-out": ("CODECO:D:95B:UN:SMDG16", "36"),
    "discharged": ("COARRI:D:00B:UN:SMDG20", "98"),
    "loaded": ("COARRI:D:00B:UN:SMDG20", "270"),
}
_MODES = {"truck": "3", "rail": "2", "barge": "8"}
_SENT_AGAIN = 0.05
_PLUS = "\x00"
"""A plus sign that separates nothing; Duisburg lies east of Greenwich."""
_EQUIPMENT = 100
"""Containers in a message at most."""


def _drop(city: City, folder: Path) -> None:
    """Files of the hours that have passed since the history began; older ones are cleared away."""
    now = city.clock()
    begin = now - city.chronicle.history(_STREAM)
    hour = begin.replace(minute=0, second=0, microsecond=0)
    wanted: dict[str, Callable[[], bytes]] = {}
    while (hour := hour + _HOUR) < now:
        if told := city.chronicle.between([_STREAM], hour, hour + _INSTANT):
            wanted |= dict.fromkeys(_names(city.seed, hour), partial(_interchange, city.seed, hour, told))
    arranged(folder, wanted)


def _names(seed: int, hour: datetime) -> Iterator[str]:
    """Now and then a terminal sends an interchange twice."""
    name = f"{hour.astimezone(UTC):%Y%m%dT%H}"
    yield f"{name}.edi"
    if happens(lot(seed, "edifact", name), _SENT_AGAIN):
        yield f"{name}-again.edi"


def _interchange(seed: int, hour: datetime, told: Sequence[Told]) -> bytes:
    """Partly with marks of its own, partly with line ends."""
    chance = lot(seed, "edifact-marks", hour.isoformat())
    colon, plus, end = chance.choice(((":", "+", "'"), (":", "+", "'"), ("<", "|", "~")))
    reference = f"{hour.astimezone(UTC):%y%m%d%H}"
    head = [f"UNB+UNOC:3+DEDUI-SIM+CITYHUB+{hour.astimezone(LOCAL):%y%m%d:%H%M}+{reference}"]
    messages = [segments for number, group in enumerate(_reports(told), 1) for segments in _message(number, group)]
    count = sum(one.startswith("UNH+") for one in messages)
    segments = [*head, *messages, f"UNZ+{count}+{reference}"]
    table = str.maketrans({":": colon, "+": plus, "'": end, _PLUS: "?+" if plus == "+" else "+"})
    text = (end + chance.choice(("", "\r\n"))).join(one.translate(table) for one in segments) + end
    marks = f"UNA{colon}{plus}.? {end}" if end == "~" or happens(chance, 0.5) else ""
    return (marks + text).encode("latin-1")


def _reports(told: Sequence[Told]) -> Iterator[tuple[str, list[Told]]]:
    """One per verb and hundred containers."""
    ordered = sorted(told, key=lambda one: (one.type, one.time, one.key))
    for type_, group in groupby(ordered, key=lambda one: one.type):
        moves = list(group)
        for first in range(0, len(moves), _EQUIPMENT):
            yield type_.split(".")[4], moves[first : first + _EQUIPMENT]


def _message(number: int, report: tuple[str, list[Told]]) -> list[str]:
    verb, moves = report
    form, document = _REPORTS[verb]
    quay = form.startswith("COARRI")
    body = [f"BGM+{document}+{number}+9"]
    body += [f"TDT+20+SIM{number}W+{'8' if quay else '1'}++SIM:172:166", "NAD+MS+DEDUI-SIM:160:ZZZ"]
    for move in moves:
        body += _equipment(move, quay=quay)
    body.append(f"CNT+16:{len(moves)}")
    return [f"UNH+{number}+{form}", *body, f"UNT+{len(body) + 2}+{number}"]


def _equipment(move: Told, *, quay: bool) -> list[str]:
    data = move.data
    booking = data["visit"].partition("/")[2]
    chance = lot("edifact", booking)
    empty, size = happens(chance, 0.2), chance.choice(SIZES[data["teu"]])
    rest = [
        f"RFF+{'ABO' if empty else 'BN'}:{booking}",
        f"DTM+{'203' if quay else '7'}:{_time(move.time)}",
        "LOC+165+DEDUI:139:6+SIM:TER:ZZZ",
        "MEA+AAE+VGM+KGM:24000",
        "SEL+SIM00815+CA",
    ]
    inland = [] if quay else [f"TDT+1++{_MODES[data['mode']]}++:172:ZZZ+++DU-SI {chance.randrange(1000)}:146"]
    return [f"EQD+CN+{data['container']}+{size}:102:5++3+{'4' if empty else '5'}", *rest, *inland]


def _time(moment: datetime) -> str:
    """Local time, with its offset where the hour comes twice."""
    local = moment.astimezone(LOCAL)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset() and local.minute % 2:
        return f"{local:%Y%m%d%H%M}:203"
    offset = f"{local:%z}"[:3]
    return f"{local:%Y%m%d%H%M}{_PLUS}{offset[1:]}:303"


SERVED = Served(feed="duisport.containers", streams=(_STREAM,), drop=_drop)
