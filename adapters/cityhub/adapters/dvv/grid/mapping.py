"""Pure: alarms and interruptions in the contracts' words. Rules: docs/adapters/dvv-grid.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from cityhub.adapters.dvv.grid.source import ACKNOWLEDGED, OUTAGE_ENDED, RAISED
from cityhub.adapters.dvv.grid.wire import Acknowledged, OutageEnded, Raised
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms

Entry: TypeAlias = Raised | Acknowledged | OutageEnded
_MEDIA = {"strom": "power", "gas": "gas", "wasser": "water"}
_MINUTE = timedelta(minutes=1)


def fact(path: str, entry: Entry, _: Pseudonyms) -> Fact:
    """What a line says."""
    if isinstance(entry, OutageEnded):
        return _outage(path, entry)
    type_, verb = (RAISED, "raised") if isinstance(entry, Raised) else (ACKNOWLEDGED, "acknowledged")
    data = {"alarm": entry.alarm, "medium": _MEDIA[entry.medium]}
    return Fact(type=type_, time=entry.at, subject=entry.alarm, key=(entry.alarm, verb), data=data, path=path)


def _outage(path: str, entry: OutageEnded) -> Fact:
    """Minutes that have begun and are half over count; an end before its begin breaks the contract."""
    data: dict[str, Any] = {
        "outage": entry.outage,
        "version": entry.version,
        "medium": _MEDIA[entry.medium],
        "minutes": (entry.ended_at - entry.begun_at + _MINUTE / 2) // _MINUTE,
        "customers": entry.customers,
    }
    if entry.withdrawn:
        data["withdrawn"] = True
    return Fact(
        type=OUTAGE_ENDED,
        time=entry.ended_at,
        subject=entry.outage,
        key=(entry.outage,),
        version=str(entry.version),
        data=data,
        path=path,
    )
