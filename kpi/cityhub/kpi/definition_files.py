"""What definition files must keep to together, each being right by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cityhub.kpi.kernel.expression_problems import near

if TYPE_CHECKING:
    from cityhub.kpi.definition import KpiDefinition

_NUMBERED = re.compile(r"\.v(\d+)\.yaml$")


def faults_between(found: Mapping[str, KpiDefinition]) -> Iterator[str]:
    """What is wrong with files that are right by themselves, by file name."""
    numbers: dict[tuple[str, int], str] = {}
    meanings: dict[str, str] = {}
    for where, one in found.items():
        named = _NUMBERED.search(where)
        if named is not None and int(named[1]) != one.version:
            yield f"{where}: version: is {one.version}; the file's name says {named[1]}, make them agree"
        other = numbers.setdefault((one.id, one.version), where)
        same = meanings.setdefault(one.hash, where)
        if other != where:
            yield f"{where}: version: {one.id} {one.version} is in {other}, too; give one a new number or a new id"
        elif same != where:
            yield f"{where}: means the same as {same}, version {found[same].version}; keep one of them"
        yield from _faults_of_value(where, one, found.values())


def _faults_of_value(where: str, one: KpiDefinition, known: Iterable[KpiDefinition]) -> Iterator[str]:
    """What is wrong with a further value of another KPI: it stands under that one, in its field."""
    if one.value_of is None:
        return
    mains = {other.id: other.field for other in known if other.value_of is None}
    if one.value_of not in mains:
        yield f"{where}: value_of: {one.value_of!r} is no KPI by itself; {near(one.value_of, mains)}"
    elif mains[one.value_of] != one.field:
        yield f"{where}: field: is {one.field}; that of {one.value_of} is {mains[one.value_of]}, make them agree"
    if not one.id.startswith(f"{one.value_of}-"):
        yield f"{where}: id: {one.id!r} is a value of {one.value_of}; write {one.value_of}- and a word"
