"""Pure: what carriers plan and estimate, in the contracts' words. Rules: docs/adapters/duisport-track-and-trace.md.

What happened (`ACT`) is told by the terminals' own messages, `duisport.containers`: told twice it would count twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from cityhub.adapters.duisport import box
from cityhub.adapters.duisport.track_and_trace import wire
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

PAGE = 500
DUISBURG = "DEDUI"
"""UN/LOCODE."""
_TYPES = {"GTIN": box.GATED_IN, "GTOT": box.GATED_OUT, "DISC": box.DISCHARGED, "LOAD": box.LOADED}
_NO_MOVES = {"STUF", "STRP", "PICK", "DROP", "INSP", "RSEA", "RMVD"}
"""Other equipment events of the code list: the container neither comes nor goes."""
_MODES = {"VESSEL": "barge", "BARGE": "barge", "RAIL": "rail", "TRUCK": "truck"}
_REFERENCES = ("BKG", "TRD")
_AT_EDGE = "edge"
"""Ids told of the cursor's own instant: the next question is for it again."""
_ids = msgspec.json.Decoder(list[str])


def read(body: bytes, memory: Mapping[str, bytes], now: datetime, place: str = DUISBURG) -> Reading:
    """What an answer says; the cursor is when the newest of its events was created, if that is not ahead of the clock.

    Args:
        place: UN/LOCODE; moves elsewhere are counted.

    Raises:
        FeedFault: the whole answer is unusable, or full of events of one instant: nobody could ask for the next ones.
    """
    count, items, rejects = wire.parse(body)
    seen = set(_ids.decode(memory.get(_AT_EDGE, b"[]")))
    noted = Counter[str]()
    facts = []
    for path, item in items:
        if item.metadata.id in seen:
            continue
        said = _said(path, item, place)
        if isinstance(said, Fact):
            facts.append(said)
        elif isinstance(said, Reject):
            rejects.append(said)
        else:
            noted[said] += 1
    believed = (item.metadata.created for _, item in items if item.metadata.created <= now + FUTURE_TOLERANCE)
    edge = max(believed, default=None)
    if edge is None:
        return Reading(facts=facts, rejects=rejects, noted=noted)
    if count >= PAGE and all(item.metadata.created == edge for _, item in items):
        raise FeedFault("page_full", f"{count} events of {edge.isoformat()} fill an answer: ask for larger ones")
    last = [item.metadata.id for _, item in items if item.metadata.created == edge]
    return Reading(
        facts=facts,
        rejects=rejects,
        cursor=edge.isoformat(),
        more=count >= PAGE,
        memory={_AT_EDGE: msgspec.json.encode(last)},
        noted=noted,
    )


def _said(path: str, item: wire.Item, place: str) -> Fact | Reject | str:
    """A fact, why there is none, or the word under which it is counted."""
    if item.metadata.retracts or item.metadata.kind != "EQUIPMENT":
        return "retraction" if item.metadata.retracts else "no_equipment_event"
    move = wire.parse_move(path, item)
    if isinstance(move, Reject):
        return move
    if move.code in _NO_MOVES:
        return "no_move"
    if place != (move.call.location.locode or move.location.locode):
        return "elsewhere"
    return "actual" if move.classifier == "ACT" else _fact(path, item.metadata, move)


def _fact(path: str, metadata: wire.Metadata, move: wire.Move) -> Fact | Reject:
    if move.code not in _TYPES:
        return Reject("code", f"{path}.payload.equipmentEventTypeCode", f"{move.code!r} is no code of DCSA")
    teu = box.teu(move.size)
    if teu is None:
        return Reject("size", f"{path}.payload.ISOEquipmentCode", f"{move.size!r}: its length is not known")
    if move.call.mode not in _MODES:
        where = f"{path}.payload.transportCall.modeOfTransport"
        return Reject("mode", where, f"{move.call.mode!r} must be one of {', '.join(_MODES)}")
    if not box.NUMBER.fullmatch(move.number):
        text = f"{move.number!r} must be four capitals and seven digits (ISO 6346)"
        return Reject("container", f"{path}.payload.equipmentReference", text)
    visit = box.stay(move.number, {one.type: one.value for one in move.references}, _REFERENCES)
    data = {
        "visit": visit,
        "container": move.number,
        "teu": teu,
        "mode": _MODES[move.call.mode],
        "classifier": move.classifier,
    }
    key = (metadata.id,)
    return Fact(type=_TYPES[move.code], time=metadata.created, subject=visit, key=key, data=data, path=path)
