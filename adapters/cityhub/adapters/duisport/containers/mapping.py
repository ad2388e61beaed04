"""Pure: what terminals report, in the contracts' words. Rules: docs/adapters/duisport-containers.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import xxhash

from cityhub.adapters.duisport import box
from cityhub.adapters.duisport.containers import wire
from cityhub.adapters.formats import edifact
from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.reject import Reject

_TYPES = {
    ("CODECO", "34"): box.GATED_IN,
    ("CODECO", "36"): box.GATED_OUT,
    ("COARRI", "44"): box.DISCHARGED,
    ("COARRI", "98"): box.DISCHARGED,
    ("COARRI", "46"): box.LOADED,
    ("COARRI", "270"): box.LOADED,
}
"""By message and DE 1001, as SMDG's members send them."""
_STAGES = {"CODECO": ("1", "10", "30"), "COARRI": ("20",)}
"""DE 8051 of the transport that a container came or went by: at the gate the inland one, at the quay the ship's."""
_MODES = {"1": "barge", "2": "rail", "3": "truck", "8": "barge"}
"""DE 8067: sea, rail, road, inland water."""
_TIMES = ("7", "203")
"""DE 2005 of the move: effective, executed."""
_REFERENCES = ("ABO", "BN", "BM")
"""DE 1153 of a stay: the terminal's own number, booking, bill of lading."""
_NEW, _COPY, _CHANGE = {"", "2", "9"}, {"7", "31"}, {"1", "3", "4", "5"}
"""DE 1225."""
_HORIZON = timedelta(days=90)
_DAY = "moves"
_moves = msgspec.json.Decoder(set[str])


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says. A move that was told already, in whatever message, is counted, not told again."""
    interchange = edifact.parse(body)
    noted, facts, rejects = Counter[str](), [], list(interchange.rejects)
    told = _Told(memory)
    for message in interchange.messages:
        for said in _message(interchange, message, noted):
            if isinstance(said, Reject):
                rejects.append(said)
            elif told.is_new(said):
                facts.append(said)
                noted["check_digit"] += not box.has_check_digit(said.data["container"])
            else:
                noted["repeated_move"] += 1
    return Reading(facts=facts, rejects=rejects, memory=told.learnt(now), noted=+noted)


class _Told:
    """Which moves were told, by the day on which they happened."""

    def __init__(self, memory: Mapping[str, bytes]) -> None:
        self._memory = memory
        self._days: dict[str, set[str]] = {}

    def is_new(self, fact: Fact) -> bool:
        """True once."""
        day = f"{fact.time:%Y-%m-%d}"
        key = memory_key(_DAY, day)
        known = self._days.setdefault(key, _moves.decode(self._memory.get(key, b"[]")))
        move = xxhash.xxh3_64_hexdigest(f"{fact.type}/{fact.subject}/{fact.time.isoformat()}".encode())
        new = move not in known
        known.add(move)
        return new

    def learnt(self, now: datetime) -> dict[str, bytes | None]:
        """What to remember; days that nothing is told of any more are forgotten."""
        oldest = memory_key(_DAY, f"{now - _HORIZON:%Y-%m-%d}")
        gone = {key: None for key in self._memory if memory_key(_DAY, "") < key < oldest}
        return {key: msgspec.json.encode(sorted(moves)) for key, moves in self._days.items()} | gone


def _message(interchange: edifact.Interchange, message: edifact.Message, noted: Counter[str]) -> list[Fact | Reject]:
    report = wire.report(message)
    path = f"{message.path}.BGM"
    if message.name not in _STAGES:
        noted["other_message"] += 1
        return []
    if report.function in _COPY:
        noted["copy"] += 1
        return []
    if report.function in _CHANGE:
        text = f"1225 {report.function!r} changes or takes back what was reported; the contract knows no withdrawal"
        return [Reject("withdrawal", path, text)]
    type_ = _TYPES.get((message.name, report.document))
    if type_ is None or report.function not in _NEW:
        text = f"1001 {report.document!r:.20} with 1225 {report.function!r:.20} is no report of a move that we know"
        return [Reject("document", path, f"{message.name}: {text}")]
    said: list[Fact | Reject] = []
    for number, one in enumerate(wire.equipment(message)):
        if one.kind != "CN":
            noted["other_equipment"] += 1
            continue
        key = (interchange.sender, interchange.reference, message.reference, one.number)
        said.append(_fact(type_, key, one, _mode(message, report, one), f"{message.path}.EQD[{number}]"))
    return said


def _mode(message: edifact.Message, report: wire.Report, one: wire.Equipment) -> str:
    """DE 8067 as written, "" where there is none: the container's own, else the message's."""
    places = (modes.get(stage, "") for modes in (one.modes, report.modes) for stage in _STAGES[message.name])
    return next(filter(None, places), "")


def _fact(type_: str, key: tuple[str, ...], one: wire.Equipment, mode: str, path: str) -> Fact | Reject:
    if not box.NUMBER.fullmatch(one.number):
        return Reject("container", path, f"8260 {one.number!r:.40} must be four capitals and seven digits (ISO 6346)")
    teu = box.teu(one.size)
    if teu is None:
        return Reject("size", path, f"8155 {one.size!r:.20}: its length is not known")
    if mode not in _MODES:
        return Reject("mode", path, f"TDT 8067 {mode!r:.20} must be one of {', '.join(_MODES)}")
    value, form = next((one.times[kind] for kind in _TIMES if kind in one.times), ("", ""))
    try:
        moment = edifact.instant(value, form)
    except (ValueError, OverflowError) as error:
        return Reject("time", path, f"DTM {' or '.join(_TIMES)}: {error}")
    visit = box.stay(one.number, one.references, _REFERENCES)
    data = {"visit": visit, "container": one.number, "teu": teu, "mode": _MODES[mode], "classifier": "ACT"}
    return Fact(type=type_, time=moment, subject=visit, key=key, data=data, path=path)
