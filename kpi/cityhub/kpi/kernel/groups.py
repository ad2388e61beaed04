"""Small groups of people: which numbers are withheld, and how the others are rounded (docs/meaning.md, "People").

A *size* is how many events, cases or values stand behind one of the counts that make a number. A *minimum* is the
smallest size that is shown. 0 is no group: nobody is behind it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from cityhub.kpi.kernel.cells import DistinctCell, JoinCell
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.readout import QuantileOf, Quotient, Readout, Slot

Sizes = tuple[int, ...]
"""The same counts in the same order for every number of a definition."""
PartT = TypeVar("PartT", bound=Hashable)


class Counted(NamedTuple):
    """What is summed for a number.

    Attributes:
        slots, prefix: as of `readout.Sums`. bins: per histogram, counts per bin.
    """

    slots: Sequence[int]
    prefix: Sequence[int]
    bins: Mapping[int, Mapping[int, int]]


def rounded(count: int, minimum: int) -> int:
    """The nearest multiple of the minimum; a half is rounded up. So is every sum and difference of what is shown."""
    return (2 * count + minimum) // (2 * minimum) * minimum


def is_small(sizes: Iterable[int], minimum: int) -> bool:
    """Whether any of them is a group below the minimum."""
    return any(0 < size < minimum for size in sizes)


def count_slots(plan: Plan) -> frozenset[int]:
    """The slots that count events, cases or values one by one; the others are amounts."""
    fills = [fill for given in plan.fills.values() for fill in given]
    fills += [fill for cell in plan.cells for fill in cell.fills]
    amounts = {fill.slot for fill in fills if fill.part.value is not None}
    found = {fill.slot for fill in fills} - amounts
    for cell in plan.cells:
        if isinstance(cell.kind, DistinctCell):
            found.add(cell.kind.slot)
        elif isinstance(cell.kind, JoinCell):
            kind = cell.kind
            found |= {kind.closed, kind.unmatched, kind.holds_slot, kind.open_slot, kind.opened}
    return frozenset(slot for slot in found if slot is not None)


def sizes_of(readout: Readout, counted: Counted, counts: frozenset[int]) -> Sizes:
    """Sizes behind a reading: of a share what it is of, what it is made of, and the rest; of a quantile its values."""
    match readout:
        case QuantileOf():
            return (sum(counted.bins.get(readout.histogram, {}).values()),)
        case Quotient():
            found = [
                (counted.prefix if slot.prefix else counted.slots)[slot.index]
                for slot in (readout.of, readout.over)
                if isinstance(slot, Slot) and slot.index in counts
            ]
            return (*found, *(max(0, over - of) for of, over in pairwise(found)))
    return ()


def withheld(whole: Sizes, parts: Mapping[PartT, Sizes], minimum: int) -> set[PartT]:
    """The parts of a whole that is shown which are not shown, so that what is missing tells of no small group.

    Parts with a small size are withheld. What all withheld parts have together follows from the whole and the others;
    as long as that is small, one more part is withheld. What no part is of counts as withheld from the first.

    Args:
        parts: in the order in which they are given up. It must have nothing to do with the sizes: which part was given
            up would tell of them.
    """
    hidden = {part for part, sizes in parts.items() if is_small(sizes, minimum)}
    together = [max(0, size - sum(column)) for size, *column in zip(whole, *parts.values(), strict=True)]
    for part in hidden:
        together = [one + more for one, more in zip(together, parts[part], strict=True)]
    for part, sizes in parts.items():
        if part not in hidden and is_small(together, minimum):
            hidden.add(part)
            together = [one + more for one, more in zip(together, sizes, strict=True)]
    return hidden
