"""Every small world there is: whoever sees all that is shown, and knows the rule, learns no small group's size.

Worlds that look the same are put together. A group below the minimum is safe when another world that looks the same
has another number of people in it. No clever question can tell more than all that is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import pytest

from cityhub.kpi.kernel import groups
from cityhub.kpi.kernel.groups import Sizes, is_small, rounded
from cityhub.kpi.store.sheet import ALL, CITY, Cut
from cityhub.kpi.store.small_groups import WHOLE, hidden

LEAST = 5
BOROUGHS = tuple(Cut(f"STB0{number}", ALL) for number in (1, 2, 3))
CHANNELS = tuple(Cut(CITY, f'{{"channel":"{name}"}}') for name in ("app", "desk"))
World = tuple[Sizes, ...]
"""Sizes of the smallest groups there are."""
Look = Callable[[World], tuple[object, ...]]


def shown(sizes: Mapping[Cut, Sizes], gone: set[Cut], minimum: int = LEAST) -> tuple[object, ...]:
    """What readers see of a window; a cut without anybody has no number."""
    seen = (
        "withheld" if cut in gone else tuple(rounded(one, minimum) for one in own[:2]) for cut, own in sizes.items()
    )
    return tuple(one if any(own) else "nothing" for one, own in zip(seen, sizes.values(), strict=True))


def window(parts: Mapping[Cut, Sizes], whole: Sizes) -> dict[Cut, Sizes]:
    return {WHOLE: whole, **parts}


def total(worlds: Iterable[Sizes]) -> Sizes:
    return tuple(sum(column) for column in zip(*worlds, strict=True))


def counted(sizes: Mapping[Cut, Sizes]) -> dict[Cut, Sizes]:
    return {cut: own for cut, own in sizes.items() if any(own)}


def look_at_boroughs(world: World) -> tuple[object, ...]:
    """One month; the last group is of no known borough."""
    sizes = window(dict(zip(BOROUGHS, world, strict=False)), total(world))
    there = counted(sizes)
    return shown(sizes, hidden(there, LEAST, "lot") if there else set())


def look_at_a_year(world: World) -> tuple[object, ...]:
    """Two months of two boroughs, and the year of both."""
    seen: tuple[object, ...] = ()
    untold: set[Cut] = set()
    for name, month in (("first", world[:2]), ("second", world[2:])):
        sizes = window(dict(zip(BOROUGHS, month, strict=False)), total(month))
        there = counted(sizes)
        gone = hidden(there, LEAST, name) if there else set()
        untold |= gone
        seen += shown(sizes, gone)
    year = window({cut: total((world[at], world[at + 2])) for at, cut in enumerate(BOROUGHS[:2])}, total(world))
    there = counted(year)
    return seen + shown(year, hidden(there, LEAST, "year", untold) if there else set())


def look_at_two_lines(world: World) -> tuple[object, ...]:
    """Two boroughs, two channels, and all four together, which are a part of both."""
    lines = {
        BOROUGHS[0]: total(world[:2]),
        BOROUGHS[1]: total(world[2:]),
        CHANNELS[0]: total(world[::2]),
        CHANNELS[1]: total(world[1::2]),
    }
    crossed = [Cut(borough.scope, channel.dims) for borough in BOROUGHS[:2] for channel in CHANNELS]
    sizes = window(lines | dict(zip(crossed, world, strict=True)), total(world))
    there = counted(sizes)
    gone = hidden(there, LEAST, "lot") if there else set()
    assert gone >= {cut for cut in crossed if cut in there}
    return shown({cut: own for cut, own in sizes.items() if cut not in crossed}, gone)


def revealed(worlds: Iterable[World], look: Look, groups_of: Callable[[World], Sequence[int]]) -> list[World]:
    """Worlds in which the size of a small group is certain."""
    alike: defaultdict[tuple[object, ...], list[World]] = defaultdict(list)
    most = (0,)
    for world in worlds:
        alike[look(world)].append(world)
        most = max(most, *world)
    found = []
    for same in alike.values():
        if any(most in world for world in same):
            continue  # larger worlds look the same, too
        columns = zip(*map(groups_of, same), strict=True)
        found += [same[0] for column in columns if len(set(column)) == 1 and is_small(column[:1], LEAST)]
    return found


def persons(world: World) -> list[int]:
    return [sizes[0] for sizes in world]


def everything_in_a_year(world: World) -> list[int]:
    a, b, c, d = persons(world)
    return [a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d]


def everything_in_two_lines(world: World) -> list[int]:
    return everything_in_a_year(world)


def ones(most: int, parts: int) -> Iterable[World]:
    return product([(size,) for size in range(most)], repeat=parts)


def shares(most: int, parts: int) -> Iterable[World]:
    """How many hold, how many there are, and the rest."""
    one = [(of, over, over - of) for over in range(most) for of in range(over + 1)]
    return product(one, repeat=parts)


CASES = {
    "boroughs alone": (lambda: ones(24, 3), look_at_boroughs, persons),
    "boroughs": (lambda: ones(14, 4), look_at_boroughs, persons),
    "a year": (lambda: ones(12, 4), look_at_a_year, everything_in_a_year),
    "two lines": (lambda: ones(13, 4), look_at_two_lines, everything_in_two_lines),
    "shares": (lambda: shares(13, 2), look_at_boroughs, lambda world: [one for sizes in world for one in sizes]),
}


@pytest.mark.parametrize("case", CASES)
def test_no_small_group_is_certain(case: str) -> None:
    worlds, look, groups_of = CASES[case]
    assert not revealed(worlds(), look, groups_of)


def test_giving_up_the_smallest_part_tells_of_the_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control for the order in which parts are given up."""

    def smallest(whole: Sizes, parts: Mapping[Cut, Sizes], minimum: int) -> set[Cut]:
        return groups.withheld(whole, dict(sorted(parts.items(), key=lambda part: part[1])), minimum)

    monkeypatch.setattr("cityhub.kpi.store.small_groups.withheld", smallest)
    worlds, look, groups_of = CASES["boroughs alone"]
    assert revealed(worlds(), look, groups_of)


@pytest.mark.parametrize("case", ["boroughs alone", "boroughs", "a year", "two lines"])
def test_without_a_second_withheld_part_one_is(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same worlds, where only what is small by itself is withheld."""

    def only_small(whole: Sizes, parts: Mapping[Cut, Sizes], minimum: int) -> set[Cut]:
        return {part for part, sizes in parts.items() if is_small(sizes[: len(sizes) or 1], minimum)}

    monkeypatch.setattr(groups, "withheld", only_small)
    monkeypatch.setattr("cityhub.kpi.store.small_groups.withheld", only_small)
    worlds, look, groups_of = CASES[case]
    assert revealed(worlds(), look, groups_of)
