"""CODECO and COARRI: which segments matter, nothing else. Names, seals, plates and weights are never read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from cityhub.adapters.formats.edifact import Message, Segment, part


class Report(Struct, frozen=True):
    """A message's head, as it is written.

    Attributes:
        document: DE 1001, what is reported. function: DE 1225, "" where it is not said.
        modes: DE 8067 by stage of transport (DE 8051), of the message as a whole.
    """

    document: str
    function: str
    modes: Mapping[str, str]


class Equipment(Struct, frozen=True):
    """An EQD group, as it is written.

    Attributes:
        kind: DE 8053, `CN` is a container. size: DE 8155.
        times: value and format by qualifier (DE 2005). references: by qualifier (DE 1153). modes: as of the report.
    """

    kind: str
    number: str
    size: str
    times: Mapping[str, tuple[str, str]]
    references: Mapping[str, str]
    modes: Mapping[str, str]


def report(message: Message) -> Report:
    """What stands before the first EQD."""
    head = next(_groups(message))
    begin = next((one for one in head if part(one, 0) == "BGM"), [])
    return Report(part(begin, 1), part(begin, 3), _modes(head))


def equipment(message: Message) -> Iterator[Equipment]:
    """Every EQD group."""
    groups = _groups(message)
    next(groups)
    for group in groups:
        times = {part(one, 1): (part(one, 1, 1), part(one, 1, 2)) for one in reversed(group) if part(one, 0) == "DTM"}
        named = {part(one, 1): part(one, 1, 1) for one in reversed(group) if part(one, 0) == "RFF"}
        first = group[0]
        yield Equipment(part(first, 1), part(first, 2), part(first, 3), times, named, _modes(group))


def _groups(message: Message) -> Iterator[Sequence[Segment]]:
    """The head, then a group per EQD."""
    begins = [at for at, one in enumerate(message.segments) if part(one, 0) == "EQD"]
    for begin, end in zip([0, *begins], [*begins, len(message.segments)], strict=True):
        yield message.segments[begin:end]


def _modes(group: Sequence[Segment]) -> Mapping[str, str]:
    return {part(one, 1): part(one, 3) for one in reversed(group) if part(one, 0) == "TDT"}
