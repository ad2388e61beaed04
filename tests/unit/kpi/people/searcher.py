"""A reader who wants to know how many people are in a small group, and knows how numbers about people are made.

Unknown counts have bounds: by what is shown of them (a rounded count stands for several), and by what must add up:
boroughs and those of no borough to the city, channels to all, months to a year, good and bad visits to all. Bounds are
narrowed by each other until nothing moves. A count whose bounds meet is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cityhub.kpi.values import KpiValue
from tests.unit.kpi.people.town import BOROUGHS, CHANNELS, LEAST, MONTHS

Group = tuple[str, str, str, str]
"""Month or `year`, scope (`none` = of no borough), channel, and `all`, `good` or `bad`."""
_MOST = 10_000
WHENS = (*map(str, MONTHS), "year")


class Searcher:
    """Attributes: bounds = least and most of each count.

    Args:
        most_withheld: how many there may be in a group that is withheld; of a whole city in a month it is small.
    """

    def __init__(self, seen: Mapping[tuple[str, ...], KpiValue], most_withheld: int = _MOST) -> None:
        self._most_withheld = most_withheld
        self.bounds: dict[Group, tuple[int, int]] = {}
        for when in WHENS:
            for scope in ("city", *(borough or "none" for borough in BOROUGHS)):
                for quality in ("all", "good", "bad"):
                    self.bounds[when, scope, "", quality] = (0, _MOST)
            for channel in CHANNELS:
                self.bounds[when, "city", channel, "all"] = (0, _MOST)
        for (kpi, *cut), value in seen.items():
            self._read(kpi, (*cut, "all"), value)
        self._nobody(seen)
        sums = list(self._sums())
        while sum(self._narrow(whole, parts) for whole, parts in sums):
            pass

    def known(self) -> dict[Group, int]:
        """The counts that are certain."""
        return {group: least for group, (least, most) in self.bounds.items() if least == most}

    def _read(self, kpi: str, group: Group, value: KpiValue) -> None:
        if group not in self.bounds:
            return
        if value.suppressed:
            when, scope, channel, _ = group
            small = when != "year" and scope == "city" and not channel
            most = LEAST - 1 if small else self._most_withheld
            self._limit(group, 1, most if kpi == "V01" else _MOST)
            return
        self._shown(group, value.n)
        if kpi == "V02":
            self._shown((*group[:3], "good"), value.numerator)
            self._shown((*group[:3], "bad"), value.denominator - value.numerator, exact=False)

    def _shown(self, group: Group, count: int, *, exact: bool = True) -> None:
        """A rounded count; the difference of two is uncertain twice."""
        blur = LEAST // 2 if exact else 2 * (LEAST // 2)
        if count == 0 and exact:
            self._limit(group, 0, 0)
        else:
            self._limit(group, max(LEAST if exact else 0, count - blur), count + blur)

    def _nobody(self, seen: Mapping[tuple[str, ...], KpiValue]) -> None:
        """What there is no number of is empty, once the window is closed; a closed year closes its months."""
        closed = {key[1] for key in seen}
        for group in self.bounds:
            when, scope, channel, quality = group
            if (
                (when in closed or "year" in closed)
                and scope != "none"
                and quality == "all"
                and ("V01", when, scope, channel) not in seen
            ):
                self._limit(group, 0, 0)

    def _limit(self, group: Group, least: int, most: int) -> None:
        low, high = self.bounds[group]
        self.bounds[group] = max(low, least), min(high, most)

    def _sums(self) -> Iterator[tuple[Group, list[Group]]]:
        for when in WHENS:
            for quality in ("all", "good", "bad"):
                boroughs: list[Group] = [(when, borough or "none", "", quality) for borough in BOROUGHS]
                yield (when, "city", "", quality), boroughs
            yield (when, "city", "", "all"), [(when, "city", channel, "all") for channel in CHANNELS]
        for group in self.bounds:
            when, scope, channel, quality = group
            if quality == "all" and not channel:
                yield group, [(when, scope, "", "good"), (when, scope, "", "bad")]
            if when == "year":
                yield group, [(str(month), scope, channel, quality) for month in MONTHS]

    def _narrow(self, whole: Group, parts: list[Group]) -> bool:
        before = [self.bounds[group] for group in (whole, *parts)]
        least, most = (sum(self.bounds[part][end] for part in parts) for end in (0, 1))
        self._limit(whole, least, most)
        low, high = self.bounds[whole]
        for part in parts:
            others = least - self.bounds[part][0], most - self.bounds[part][1]
            self._limit(part, low - others[1], high - others[0])
            least, most = others[0] + self.bounds[part][0], others[1] + self.bounds[part][1]
        return before != [self.bounds[group] for group in (whole, *parts)]
