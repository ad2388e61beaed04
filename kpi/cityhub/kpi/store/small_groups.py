"""Numbers about people: shown once their window is closed, in rounded counts, and not where few people are behind them.

What the value table and the topic hold is what is shown, so whoever reads them is shown no more. Buckets stay exact.
The rule and why it is enough: docs/decisions/0018-small-groups.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial
from typing import NamedTuple, Protocol

import msgspec
from xxhash import xxh3_64_intdigest

from cityhub.kpi.kernel.groups import Counted, Sizes, count_slots, is_small, rounded, sizes_of, withheld
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.readout import QuantileOf, Quotient, Slot
from cityhub.kpi.store import schema
from cityhub.kpi.store.figures import Figures, figures, is_cumulative
from cityhub.kpi.store.sheet import ALL, CITY, Cut
from cityhub.kpi.store.windows import Job, Totals, slots

WHOLE = Cut(CITY, ALL)
NOTHING = Figures(
    value=None,
    numerator=0,
    denominator=0,
    beside={},
    named={},
    coverage=None,
    references={},
    n=0,
    synthetic_n=0,
    digest="",
)
"""What is shown of a number that is withheld."""
_TOP, _CROSSED, _BOROUGHS = "top", "crossed", "boroughs"


class Group(NamedTuple):
    """A number about people before it is decided whether it is shown.

    Attributes:
        sizes: of the groups behind it. figures: what is shown of it, in rounded counts.
    """

    sizes: Sizes
    figures: Figures


class Shown(Protocol):
    """What is shown of a number: `Figures` or a value."""

    @property
    def n(self) -> int: ...
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...


class Groups:
    """Reads numbers of one definition about people.

    Args:
        minimum: the smallest group that is shown.
    """

    def __init__(self, plan: Plan, minimum: int) -> None:
        self._plan = plan
        self._minimum = minimum
        self._counts = count_slots(plan)

    def of(self, job: Job, totals: Totals, clock_s: int, references: Mapping[str, int | None]) -> Group:
        """A number from its sums; arguments as of `figures`."""
        counted = Counted(slots(totals.vector), slots(totals.prefix), totals.bins)
        size = partial(sizes_of, counted=counted, counts=self._counts)
        made_of = totals.prefix if is_cumulative(self._plan.main) else totals.vector
        coarse = totals._replace(vector=self._coarse(totals.vector), prefix=self._coarse(totals.prefix))
        shown = figures(self._plan, job, coarse, clock_s, references)
        few = {name for name, one in self._plan.beside.items() if is_small(size(one), self._minimum)}
        sizes = size(self._plan.main)
        if isinstance(self._plan.main, QuantileOf):
            shown = shown._replace(denominator=rounded(shown.denominator, self._minimum))
        shown = shown._replace(
            beside={name: count for name, count in shown.beside.items() if name not in few},
            named={name: None if name in few else value for name, value in shown.named.items()},
            digest="",
        )
        return Group((made_of[0], *sizes), shown)

    def moved(self, before: Shown, now: Shown) -> int:
        """By how much rounded counts differ, the most of them."""
        return max(abs(one - other) for one, other in zip(self._told(before), self._told(now), strict=True))

    def _told(self, shown: Shown) -> Iterator[int]:
        yield shown.n
        main = self._plan.main
        if isinstance(main, QuantileOf):
            yield shown.denominator
        if isinstance(main, Quotient):
            for operand, number in ((main.of, shown.numerator), (main.over, shown.denominator)):
                if isinstance(operand, Slot) and operand.index in self._counts:
                    yield number

    def _coarse(self, vector: Sequence[int]) -> list[int]:
        """Sums with counts rounded, amounts in proportion, and no digest: it would tell whose events they are."""
        n, synthetic_n = vector[:2]
        known = rounded(n, self._minimum)
        found = [known, known if synthetic_n else 0, *(0 for _ in range(schema.LIMBS))]
        for slot, one in enumerate(slots(vector)):
            found.append(rounded(one, self._minimum) if slot in self._counts else one * known // n if n else one)
        return found


def hidden(sizes: Mapping[Cut, Sizes], minimum: int, lot: str, untold: Set[Cut] = frozenset()) -> set[Cut]:
    """Which numbers of one window are withheld.

    Boroughs are parts of the city and values of a dimension parts of all, each in a line of its own. What is held to
    two things, a borough and a dimension or two dimensions, would be a part in several lines: it is withheld always.

    Args:
        sizes: by cut, those of everything that was counted; the whole is among them.
        lot: names the window. With a cut's name it makes the order in which parts are given up.
        untold: what a shorter window within this one withholds: both windows together would tell it.
    """
    lines: dict[str, list[Cut]] = {}
    for cut in sizes:
        lines.setdefault(_line(cut), []).append(cut)
    if is_small(sizes[WHOLE], minimum) or WHOLE in untold:
        return set(sizes)
    found = {*lines.pop(_CROSSED, []), *(untold & sizes.keys())}
    del lines[_TOP]
    for line in lines.values():
        drawn = sorted(line, key=lambda cut: xxh3_64_intdigest(f"{lot}/{cut.scope}/{cut.dims}".encode()))
        found |= withheld(sizes[WHOLE], {cut: sizes[cut] for cut in drawn}, minimum)
    return found


def _line(cut: Cut) -> str:
    held = [f"@{name}" for name in msgspec.json.decode(cut.dims, type=dict[str, str])]
    if cut.scope != CITY:
        held.append(_BOROUGHS)
    if len(held) > 1:
        return _CROSSED
    return held[0] if held else _TOP
