"""docs/meaning.md a second time: slow, from whole lists of events, without anything of the engine's cells or buckets.

An event is a dict: `entity` (what its cell is of), `role` (`first` or `then` of a join), `t` (epoch ms), `digest`,
`synthetic`, `scope`, `dims`, `terms` (the class's values, already evaluated; None = unknown).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations, groupby, pairwise
from math import ceil
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
SECONDS = {"1min": 60, "5min": 300, "15min": 900, "1h": 3600, "minute": 60, "hour": 3600}
Event: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, int, str, tuple[str, ...]]


class Buckets:
    """Attributes:
    sums: per place and name; `n` = counted. values: what a quantile is taken of.
    support: digests of the events behind a bucket, with the pair they are there for.
    """

    def __init__(self) -> None:
        self.sums: defaultdict[Place, Counter[str]] = defaultdict(Counter)
        self.values: defaultdict[Place, list[int]] = defaultdict(list)
        self.support: defaultdict[Place, set[tuple[int, Any]]] = defaultdict(set)

    def count(self, place: Place, event: Event) -> None:
        self.add(place, event, n=1, synthetic_n=int(event["synthetic"]))

    def add(self, place: Place, event: Event, pair: Any = None, **amounts: int) -> None:
        self.sums[place].update(amounts)
        self.support[place].add((event["digest"], pair))

    def settled(self) -> dict[Place, dict[str, int]]:
        """Sums that are not 0, with the digest of each bucket."""
        for place, digests in self.support.items():
            self.sums[place]["digest"] = sum(digest for digest, _ in digests) % 2**128
        found = {place: {name: amount for name, amount in sums.items() if amount} for place, sums in self.sums.items()}
        return {place: sums for place, sums in found.items() if sums}

    def total(self, name: str, start: int = 0, end: int = 1 << 62, **where: Any) -> int:
        """A sum over buckets that begin in [start, end); the city's is the sum over all scopes and dimensions."""
        return sum(
            sums[name]
            for (_, begin, scope, dims), sums in self.sums.items()
            if start <= begin < end and where.get("scope", scope) == scope and where.get("dims", dims) == dims
        )


def local(t_ms: int) -> datetime:
    return datetime.fromtimestamp(t_ms // 1000, UTC).astimezone(BERLIN)


def instant(day: date, hour: int = 0) -> int:
    return int(datetime.combine(day, time(hour), BERLIN).timestamp())


def grain(kind: str, t_ms: int) -> tuple[int, int]:
    """Start and end of the grain that holds an instant, epoch s."""
    if kind in SECONDS:
        start = t_ms // 1000 // SECONDS[kind] * SECONDS[kind]
        return start, start + SECONDS[kind]
    turn = 12 if kind == "night" else 0
    day = (local(t_ms).replace(tzinfo=None) - timedelta(hours=turn)).date()
    return instant(day, turn), instant(day + DAY, turn)


def anchors(kind: str, t_ms: int) -> list[int]:
    """Anchors of the windows that hold an instant."""
    day = local(t_ms).date()
    days = {
        "week": [day - day.weekday() * DAY],
        "month": [day.replace(day=1)],
        "year": [day.replace(month=1, day=1)],
        "school-year": [date(day.year - (day.month < 8), 8, 1)],
        "seven-days": [day + number * DAY for number in range(7)],
        "year-to-date": [later for n in range(366) if (later := day + n * DAY).year == day.year],
    }
    return [instant(day) for day in days[kind]] if kind in days else [grain(kind, t_ms)[0]]


def place(event: Event, kind: str, t_ms: int) -> Place:
    """The bucket, in an event's scope and dimensions, that holds an instant."""
    return "", grain(kind, t_ms)[0], event["scope"], event["dims"]


def by_entity(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Each entity's events in order of time; ties by role, then digest."""
    ordered = sorted(events, key=lambda e: (e["entity"], e["t"], e.get("role") == "then", e["digest"]))
    for _, group in groupby(ordered, key=lambda e: e["entity"]):
        yield list(group)


def additive(events: Iterable[Event], kind: str, names: Sequence[str]) -> Buckets:
    """Counts and sums; `terms` in the order of `names`, None where the event is not counted."""
    buckets = Buckets()
    for event in events:
        amounts = {name: term for name, term in zip(names, event["terms"], strict=True) if term is not None}
        if amounts:
            buckets.count(place(event, kind, event["t"]), event)
            buckets.add(place(event, kind, event["t"]), event, **amounts)
    return buckets


def state(events: Iterable[Event], kind: str, hold_ms: int) -> Buckets:
    """Time is cut at every instant at which anything can change; in each slice one observation is in force, or none."""
    buckets = Buckets()
    for mine in by_entity(events):
        for event in mine:
            buckets.count(place(event, kind, event["t"]), event)
        cuts = {t for event in mine for t in (event["t"], event["t"] + hold_ms)}
        for event in mine:
            t = event["t"]
            while t < event["t"] + hold_ms:
                t = grain(kind, t)[1] * 1000
                cuts.add(t)
        for begin, end in pairwise(sorted(cuts)):
            force = [event for event in mine if event["t"] <= begin][-1]
            (value,) = force["terms"]
            if value is not None and begin < force["t"] + hold_ms:
                length = end - begin
                buckets.add(place(force, kind, begin), force, true_ms=int(value) * length, observed_ms=length)
        buckets.add(place(mine[0], kind, mine[0]["t"]), mine[0], entities=1)
        for before, after in pairwise(mine):
            if (before["scope"], before["dims"]) != (after["scope"], after["dims"]):
                buckets.add(place(before, kind, after["t"]), before, entities=-1)
                buckets.add(place(after, kind, after["t"]), after, entities=1)
    return buckets


def latest(events: Iterable[Event], kind: str, *, over: bool = False, expires: bool = False) -> Buckets:
    """What is in force at a grain's end, less what is in force at its start, is what the grain adds."""
    buckets = Buckets()
    for mine in by_entity(events):
        moments = {event["t"] for event in mine}
        for event, following in zip(mine, [*mine[1:], None], strict=True):
            buckets.count(place(event, kind, event["t"]), event)
            value, base, until = event["terms"]
            if value is None or (over and base is None) or (expires and until is None):
                continue
            ends = ([until] if expires else []) + ([following["t"]] if following else [])
            if ends and min(ends) > event["t"]:
                moments.add(min(ends))
                buckets.add(place(event, kind, min(ends)), event)
        for start, end in sorted({grain(kind, t) for t in moments}):
            for sign, at in ((-1, start * 1000), (1, end * 1000)):
                for event in _in_force(mine, at - 1, over=over, expires=expires):
                    amounts = {"value": sign * event["terms"][0], "entities": sign}
                    amounts |= {"over": sign * event["terms"][1]} if over else {}
                    buckets.sums[place(event, kind, start * 1000)].update(amounts)
    return buckets


def _in_force(mine: list[Event], t_ms: int, *, over: bool, expires: bool) -> list[Event]:
    """The last observation up to an instant, if its terms are known and it has not expired."""
    for event in [event for event in mine if event["t"] <= t_ms][-1:]:
        value, base, until = event["terms"]
        if value is None or (over and base is None) or (expires and (until is None or until <= t_ms)):
            return []
        return [event]
    return []


def distinct(events: Iterable[Event], kinds: Sequence[str]) -> Buckets:
    """Sets of values per window, scope and dimensions; n and digest of all observations."""
    buckets = Buckets()
    seen: defaultdict[Place, set[str]] = defaultdict(set)
    for event in events:
        for kind in kinds:
            for anchor in anchors(kind, event["t"]):
                for scope in {"city", event["scope"]} - {""}:
                    for dims in {(), event["dims"]}:
                        where = (kind, anchor, scope, dims)
                        buckets.count(where, event)
                        seen[where].add(event["entity"])
    for where, values in seen.items():
        buckets.sums[where]["distinct"] = len(values)
    return buckets


def join(
    events: Iterable[Event],
    kind: str,
    *,
    cohort: str = "then",
    holds: Callable[[int], bool | None] = lambda _: None,
    opened: bool = False,
) -> Buckets:
    """Runs of `first`s and runs of `then`s take turns; the heads of a run and of the next make a case.

    Args:
        opened: whether cases are counted where they began, too.
    """
    buckets = Buckets()
    for mine in by_entity(events):
        opening: Event | None = None
        for role, run in groupby(mine, key=lambda e: e["role"]):
            head, *rest = run
            if role == "first":
                opening = head
                here = place(head, kind, head["t"])
                buckets.count(here, head)
                buckets.add(here, head, open=1, open_since_s=head["t"] // 1000, opened=int(opened))
                continue
            if opening is None:
                rest = [head, *rest]
            else:
                _close(buckets, kind, (opening, head), cohort, holds)
            for event in rest:
                buckets.count(place(event, kind, event["t"]), event)
                buckets.add(place(event, kind, event["t"]), event, unmatched=1)
    return buckets


def _close(
    buckets: Buckets, kind: str, case: tuple[Event, Event], cohort: str, holds: Callable[[int], bool | None]
) -> None:
    first, then = case
    ended = place(first, kind, then["t"])
    buckets.count(ended, then)
    buckets.add(ended, first, open=-1, open_since_s=-(first["t"] // 1000))
    counted = place(first, kind, (then if cohort == "then" else first)["t"])
    elapsed = then["t"] - first["t"]
    buckets.add(counted, first, closed=1, holds=int(holds(elapsed) is True))
    buckets.add(counted, then)
    buckets.values[counted].append(elapsed)


def pairs(events: Iterable[Event], kind: str, *, within_m: int, decimals: int = 6, expires: bool = False) -> Buckets:
    """Every two entities, from one instant at which anything can change to the next; `terms` = (owner, latitude,
    longitude, begin, end, holds, until).
    """
    buckets = Buckets()
    everything = sorted(by_entity(events), key=lambda mine: str(mine[0]["entity"]))
    for mine in everything:
        for event in mine:
            buckets.count(place(event, kind, event["t"]), event)
    for one, other in combinations(everything, 2):
        untils = [event["terms"][6] for event in (*one, *other) if expires]
        before: tuple[Event, Event] | None = None
        for t in sorted({event["t"] for event in (*one, *other)} | {until for until in untils if until is not None}):
            now = _paired(
                _seen_last(one, t, expires=expires), _seen_last(other, t, expires=expires), within_m, decimals
            )
            if now != before:
                for sign, pair in ((-1, before), (1, now)):
                    if pair is not None:
                        where, name = place(pair[0], kind, t), (pair[0]["digest"], pair[1]["digest"])
                        buckets.add(where, pair[0], name, pairs=sign)
                        buckets.add(where, pair[1], name)
            before = now
    return buckets


def _seen_last(mine: list[Event], t_ms: int, *, expires: bool) -> Event | None:
    """The last observation up to an instant, if it can be one of a pair."""
    for event in [event for event in mine if event["t"] <= t_ms][-1:]:
        *needed, begin, end, holds, until = event["terms"]
        known = None not in needed and None not in (begin, end)
        if known and holds and begin < end and (not expires or (until is not None and until > t_ms)):
            return event
    return None


def _paired(one: Event | None, other: Event | None, within_m: int, decimals: int) -> tuple[Event, Event] | None:
    """Both, if they are a pair: in degrees of 111 256 m to the north and 69 547 m to the east."""
    if one is None or other is None or one["terms"][0] == other["terms"][0]:
        return None
    north, east = (Fraction(one["terms"][axis] - other["terms"][axis], 10**decimals) for axis in (1, 2))
    if (north * 111_256) ** 2 + (east * 69_547) ** 2 > within_m**2:
        return None
    (begins, ends), (starts, stops) = one["terms"][3:5], other["terms"][3:5]
    return (one, other) if begins < stops and starts < ends else None


def correctable(events: Iterable[Event], kind: str, names: Sequence[str]) -> Buckets:
    """The additive contribution of each entity's highest version; `terms` = (version, retracted, amounts)."""
    highest = [max(mine, key=lambda e: (e["terms"][0], e["digest"])) for mine in by_entity(events)]
    return additive([{**e, "terms": e["terms"][2]} for e in highest if e["terms"][1] is not True], kind, names)


def quotient(of: int, over: int, times: int = 1) -> float | None:
    """Four decimals, half to even, from the exact fraction; None = unknown."""
    return None if over == 0 else round(Fraction(of, over) * times * 10_000) / 10_000


def quantile(values: Iterable[int], at: Fraction) -> int | None:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(1, ceil(at * len(ordered))) - 1] if ordered else None
