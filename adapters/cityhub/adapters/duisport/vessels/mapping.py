"""Pure: AIS sentences in the contracts' words. Rules: docs/adapters/duisport-vessels.md.

Vessels are people's: their numbers stay in the adapter's memory, and only while they are in the port.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from cityhub.adapters.duisport.vessels import wire
from cityhub.adapters.duisport.vessels.berths import Berth, load_berths
from cityhub.adapters.duisport.vessels.source import ARRIVED, DEPARTED
from cityhub.adapters.duisport.vessels.watch import COLD_S, HOLD_S, PASSED_S, Seen, Stay, Vessel, silent, watch
from cityhub.adapters.kit.adapter import Known
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.reject import Reject

_TYPES = {"arrived": ARRIVED, "departed": DEPARTED}
_NOWHERE = "unbekannt"
_VESSEL, _BEGAN = "vessel", "began"
_SLACK_S, _AHEAD_S = 120, 300
"""Receivers deliver out of order by so much; clocks differ by so much."""
_OLDEST_S, _FURTHEST_S = 80 * 86_400, 2 * 86_400
"""A receiver's clock beyond is wrong."""
_LONGEST_S = 75 * 86_400
"""After so much silence a vessel that lay is forgotten."""
_vessel = msgspec.json.Decoder(Vessel)


def read(lines: Sequence[bytes], known: Known, now: datetime) -> Reading:
    """What lines say. The cursor is up to when vessels were heard, and how many lines that took."""
    heard = _Heard(known.memory, load_berths())
    rejects: list[Reject] = []
    upto, count = (int(part) for part in (known.cursor or "0/0").split("/"))
    newest, clock = 0, int(now.timestamp())
    for number, line in enumerate(lines):
        said = wire.parse(line, f"line[{count + number}]")
        if isinstance(said, Reject):
            rejects.append(replace(said, item=line))
            continue
        at = int((said.at or now).timestamp())
        if not -_OLDEST_S <= at - clock <= _FURTHEST_S:
            rejects.append(Reject("clock", f"line[{count + number}]", f"the receiver's clock shows {said.at}", line))
            continue
        newest = max(newest, at)
        if isinstance(said, wire.Other):
            heard.noted[said.word] += 1
        elif at < upto - _SLACK_S:
            heard.noted["heard_before"] += 1
        else:
            heard.take(said.vessel, Seen(at, said.lat, said.lon, said.knots))
    believed = min(newest, clock + _AHEAD_S)
    heard.forget(believed)
    upto = max(upto, believed)
    return Reading(
        facts=heard.facts,
        rejects=rejects,
        cursor=f"{upto}/{count + len(lines)}",
        as_of=datetime.fromtimestamp(newest - HOLD_S, UTC) if newest else None,
        memory=heard.learnt,
        noted=+heard.noted,
    )


class _Heard:
    """Vessels as they are known, and what becomes known of them."""

    def __init__(self, memory: Mapping[str, bytes], berths: Sequence[Berth]) -> None:
        self._vessels = {key: _vessel.decode(body) for key, body in memory.items() if key.startswith(_VESSEL)}
        self._began = int(memory.get(_BEGAN, b"0"))
        self._berths = berths
        self.learnt: dict[str, bytes | None] = {}
        self.facts: list[Fact] = []
        self.noted: Counter[str] = Counter()

    def take(self, number: int, seen: Seen) -> None:
        """A report."""
        if not self._began:
            self._began = seen.at
            self.learnt[_BEGAN] = str(seen.at).encode()
        key = memory_key(_VESSEL, str(number))
        vessel = self._vessels.get(key)
        if vessel is not None and seen.at <= vessel.at:
            self.noted["older"] += 1
            return
        fresh, known = watch(vessel, seen, self._berths, cold=seen.at - self._began < COLD_S)
        self._put(key, fresh)
        for stay in known:
            self._tell(stay)

    def forget(self, now: int) -> None:
        """Vessels that nothing more will be heard of."""
        for key, vessel in list(self._vessels.items()):
            if left := silent(vessel, now):
                self._tell(left)
                self._put(key, None)
            elif now - vessel.at > (_LONGEST_S if vessel.phase == "lying" else PASSED_S):
                self.noted["never_left"] += vessel.phase == "lying"
                self._put(key, None)

    def _put(self, key: str, vessel: Vessel | None) -> None:
        if vessel is not None:
            self._vessels[key] = vessel
            self.learnt[key] = msgspec.json.encode(vessel)
        elif self._vessels.pop(key, None) is not None:
            self.learnt[key] = None

    def _tell(self, stay: Stay) -> None:
        if not stay.came:
            self.noted["arrival_not_seen"] += 1
            return
        since = datetime.fromtimestamp(stay.since, UTC)
        id_ = hashlib.sha256(f"{stay.berth}/{utc(since)}".encode()).hexdigest()[:16]
        self.facts.append(
            Fact(
                type=_TYPES[stay.verb],
                time=datetime.fromtimestamp(stay.at, UTC),
                subject=stay.berth or _NOWHERE,
                key=(id_, stay.verb),
                data={"stay": id_} | ({"berth": stay.berth} if stay.berth else {}),
            )
        )
