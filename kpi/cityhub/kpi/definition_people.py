"""What a definition must keep to when a source tells of people: closed windows, no small groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cityhub.kpi.values import WindowKind
from cityhub.sdk.contract import Contract

WINDOWS = (WindowKind.MONTH, WindowKind.YEAR, WindowKind.SCHOOL_YEAR)
"""Windows that numbers about people are published for."""
SMALLEST = 5
SMALLEST_OF_PARTICIPATION = 10
"""Who takes part in a process stands for an opinion."""
_PARTICIPATION = "participation"


def smallest_group(contracts: Iterable[Contract]) -> int | None:
    """The smallest group that may be shown of what such sources tell; None = they tell of things only."""
    nouns = [contract.type.split(".")[3] for contract in contracts if contract.personal]
    if not nouns:
        return None
    return SMALLEST_OF_PARTICIPATION if _PARTICIPATION in nouns else SMALLEST


def faults_of_people(keys: Mapping[str, Any], contracts: Sequence[Contract]) -> Iterator[tuple[str, str]]:
    """Path and text of what is wrong; definitions over things have nothing to keep to but to say no minimum."""
    least, given = smallest_group(contracts), keys.get("minimum_group")
    if least is None:
        if given is not None:
            yield "minimum_group", f"{given} given, but no source tells of people; leave it out"
        return
    personal = ", ".join(sorted({contract.type for contract in contracts if contract.personal}))
    if given is not None and given < least:
        yield "minimum_group", f"{given} is too small for {personal}; write {least} or more, or leave it out"
    windows: tuple[WindowKind, ...] = keys.get("windows", ())
    if finer := [kind for kind in windows if kind not in WINDOWS]:
        yield (
            "windows",
            f"{', '.join(finer)} given, but {personal} tells of people; use {', '.join(WINDOWS[:-1])} or {WINDOWS[-1]}",
        )
    if {WindowKind.YEAR, WindowKind.SCHOOL_YEAR} <= set(windows):
        yield "windows", "year and school-year overlap: their difference would tell of few people; keep one of them"
