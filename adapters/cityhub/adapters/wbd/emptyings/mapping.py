"""Pure: emptyings in the contract's words. Rules: docs/adapters/wbd-emptyings.md."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.wbd.emptyings.source import EMPTIED
from cityhub.adapters.wbd.emptyings.wire import Entry


def fact(path: str, entry: Entry, _: Pseudonyms) -> Fact | str:
    """What a line says; nothing where nobody knows which bin it was."""
    if entry.bin is None:
        return "transponder_unread"
    data: dict[str, Any] = {}
    if entry.percent is not None:
        data["fill_before"] = entry.percent / 100
    if entry.weighing is not None and entry.weighing.state == "gueltig":
        data["kg"] = _tenths(Decimal(str(entry.weighing.kg)))
    if entry.metres is not None:
        data["km"] = _tenths(Decimal(entry.metres) / 1000)
    return Fact(type=EMPTIED, time=entry.at, subject=entry.bin, key=(entry.number,), data=data, path=path)


def _tenths(value: Decimal) -> float:
    """Rounded half to even."""
    return float(round(value, 1))
