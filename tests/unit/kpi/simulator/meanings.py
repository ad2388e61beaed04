"""What the city's definitions mean: counted events → buckets → windows, by the tests' oracle (docs/meaning.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from tests.unit.kpi import oracle
from tests.unit.kpi.simulator import roads
from tests.unit.kpi.simulator.city import CLOSED, FLAT, HOLD_MS, OPENED, REFERENCE, SEEN, SOON_MS
from tests.unit.kpi.simulator.expected import Counted
from tests.unit.kpi.simulator.log import Sample

DAY_S = 86_400


class Meaning(NamedTuple):
    """A definition in the oracle's words.

    Attributes:
        types: what it reads. slots: the oracle's names of its slots.
        line: whether it has the dimension.
        event: sample → entity, role, terms. buckets: events → buckets.
        numbers: a window's sums → numerator, denominator, times and what stands beside.
        exact_label: whether the label of a window follows from what its own buckets say.
        per_stock: whether the denominator is the stock. revised: whether events replace each other.
    """

    types: tuple[str, ...]
    slots: tuple[str, ...]
    line: bool
    event: Callable[[Sample], dict[str, Any]]
    buckets: Callable[[list[oracle.Event]], oracle.Buckets]
    numbers: Callable[[Span], dict[str, Any]]
    grain: str = "1h"
    kinds: tuple[str, ...] = ("hour", "day")
    prefix: bool = False
    layered: bool = False
    cumulative: bool = False
    exact_label: bool = False
    per_stock: bool = False
    revised: bool = False


class Span:
    """Sums of one window and cut.

    Attributes:
        until_s: what begins at or after it is not there yet.
    """

    def __init__(
        self, buckets: oracle.Buckets, window: tuple[str, int, int], cut: tuple[str, str], until_s: int, stock: Stock
    ) -> None:
        self._buckets = buckets
        self.kind, self.start, self.end = window
        self.scope, self.dims = cut
        self.until_s = until_s
        self.stock = stock.of(self.scope, self.end)
        self.referred_ms = stock.changed_ms(self.scope, self.end)
        self._where: dict[str, Any] = {} if self.scope == "city" else {"scope": self.scope}
        if self.dims != "{}":
            self._where["dims"] = tuple(msgspec.json.decode(self.dims).values())

    @property
    def passed_ms(self) -> int:
        return (min(self.end, self.until_s) - self.start) * 1000

    def sum(self, name: str) -> int:
        return self._buckets.total(name, self.start, min(self.end, self.until_s), **self._where)

    def ever(self, name: str) -> int:
        """Up to the window's end."""
        return self._buckets.total(name, 0, min(self.end, self.until_s), **self._where)

    def layer(self, name: str) -> int:
        dims = () if self.dims == "{}" else self._where["dims"]
        return self._buckets.sums[self.kind, self.start, self.scope, dims][name]

    def values(self) -> list[int]:
        return [
            value
            for (_, begin, scope, dims), values in self._buckets.values.items()
            if self.start <= begin < min(self.end, self.until_s)
            and self._where.get("scope", scope) == scope
            and self._where.get("dims", dims) == dims
            for value in values
        ]


class Stock:
    """The denominators of one name."""

    def __init__(self, counted: list[Counted]) -> None:
        rows = [one for one in counted if one.sample.type == REFERENCE and one.sample.data["name"] == "stock"]
        self._rows = sorted(rows, key=_rank)

    def of(self, scope: str, end: int) -> int | None:
        found = self._valid(scope, end)
        return found[-1].sample.data["value"] if found else None

    def changed_ms(self, scope: str, end: int) -> int:
        """When the number last became another one; 0 = never."""
        changed_ms, value, rank = 0, None, None
        for one in sorted(self._valid(scope, end), key=lambda one: (one.clock_ms, _rank(one))):
            if rank is None or _rank(one) > rank:
                changed_ms = one.clock_ms if one.sample.data["value"] != value else changed_ms
                value, rank = one.sample.data["value"], _rank(one)
        return changed_ms

    def _valid(self, scope: str, end: int) -> list[Counted]:
        """In the order in which they take each other's place."""
        return [
            one
            for one in self._rows
            if (one.sample.borough or "city") == scope and one.sample.data["valid_from"] < end * 1000
        ]


def _rank(one: Counted) -> tuple[int, int, str, str]:
    return one.sample.data["valid_from"], one.clock_ms, one.sample.id, one.sample.source


def events_of(meaning: Meaning, counted: list[Counted]) -> list[oracle.Event]:
    """The counted events that a definition reads."""
    return [
        {
            "t": one.sample.t,
            "digest": one.digest,
            "synthetic": one.sample.synthetic,
            "scope": one.sample.borough,
            "dims": (one.sample.data["line"] or "",) if meaning.line else (),
            "clock": one.clock_ms,
            **meaning.event(one.sample),
        }
        for one in counted
        if one.sample.type in meaning.types
    ]


def _shares(events: list[oracle.Event]) -> oracle.Buckets:
    buckets = oracle.additive(events, "1h", ("ok", "all"))
    for event in events:
        if event["value"] is not None:
            buckets.values[oracle.place(event, "1h", event["t"])].append(event["value"])
    return buckets


def _share(span: Span) -> dict[str, Any]:
    return {
        "numerator": span.sum("ok"),
        "denominator": span.sum("all"),
        "value": oracle.quotient(span.sum("ok"), span.sum("all"), 100),
        "middle": oracle.quantile(span.values(), Fraction(1, 2)),
    }


def _per_stock(span: Span) -> dict[str, Any]:
    total, stock = span.sum("value"), span.stock
    return {"numerator": total, "denominator": stock or 0, "value": oracle.quotient(total, stock or 0)}


def _state(span: Span) -> dict[str, Any]:
    true_ms, observed_ms = span.sum("true_ms"), span.sum("observed_ms")
    whole_ms = span.ever("entities") * span.passed_ms
    return {
        "numerator": true_ms,
        "denominator": observed_ms,
        "value": oracle.quotient(true_ms, observed_ms, 100),
        "coverage": oracle.quotient(min(observed_ms, whole_ms), whole_ms),
    }


def _join(span: Span) -> dict[str, Any]:
    opened, until = span.ever("open"), min(span.end, span.until_s)
    age = max(0, opened * until - span.ever("open_since_s"))
    return {
        "numerator": span.sum("holds"),
        "denominator": span.sum("closed"),
        "value": oracle.quotient(span.sum("holds"), span.sum("closed"), 100),
        "beside": {"open": opened, "unmatched": span.sum("unmatched")},
        "named": {"open_age": None if not opened else round(Fraction(age, opened * DAY_S) * 10_000) / 10_000},
    }


def _single(name: str, read: Callable[[Span], Callable[[str], int]], *beside: str) -> Callable[[Span], dict[str, Any]]:
    def numbers(span: Span) -> dict[str, Any]:
        total = read(span)(name)
        more = {"beside": {one: span.sum(one) for one in beside}} if beside else {}
        return {"numerator": total, "denominator": 1, "value": float(total), **more}

    return numbers


MEANINGS: Mapping[str, Meaning] = {
    "R01": Meaning(
        (SEEN,),
        ("ok", "all"),
        True,
        lambda s: {"terms": (1 if s.data["ok"] else None, 1), "value": s.data["value"]},
        _shares,
        _share,
        exact_label=True,
    ),
    "S01": Meaning(
        (SEEN,),
        ("value",),
        False,
        lambda s: {"terms": (s.data["value"],)},
        lambda events: oracle.additive(events, "15min", ("value",)),
        _per_stock,
        grain="15min",
        kinds=("quarter-hour", "day"),
        exact_label=True,
        per_stock=True,
    ),
    "W01": Meaning(
        (SEEN,),
        ("true_ms", "observed_ms", "entities"),
        False,
        lambda s: {"entity": s.subject, "terms": (s.data["ok"],)},
        lambda events: oracle.state(events, "1h", HOLD_MS),
        _state,
        prefix=True,
    ),
    "L01": Meaning(
        (SEEN,),
        ("value",),
        True,
        lambda s: {"entity": s.subject, "terms": (s.data["value"], None, s.data["until"])},
        lambda events: oracle.latest(events, "1h", expires=True),
        _single("value", lambda span: span.ever),
        kinds=("day",),
        prefix=True,
        cumulative=True,
    ),
    "D01": Meaning(
        (SEEN,),
        ("distinct",),
        True,
        lambda s: {"entity": s.subject, "terms": ()},
        lambda events: oracle.distinct(events, ("hour", "day")),
        _single("distinct", lambda span: span.layer),
        layered=True,
        exact_label=True,
    ),
    "J01": Meaning(
        (OPENED, CLOSED),
        ("closed", "unmatched", "holds", "open", "open_since_s"),
        False,
        lambda s: {"entity": s.data["case"], "role": "first" if s.type == OPENED else "then", "terms": ()},
        lambda events: oracle.join(events, "1h", cohort="first", holds=lambda elapsed: elapsed <= SOON_MS),
        _join,
        kinds=("day",),
        prefix=True,
    ),
    "P01": Meaning(
        roads.TYPES,
        ("pairs",),
        True,
        lambda s: roads.event(s.subject, s.data),
        roads.buckets,
        _single("pairs", lambda span: span.ever),
        kinds=("day",),
        prefix=True,
        cumulative=True,
    ),
    "C01": Meaning(
        (FLAT,),
        ("area", "flats"),
        False,
        lambda s: {"entity": s.subject, "terms": (s.data["version"], s.data["gone"], (s.data["area"], 1))},
        lambda events: oracle.correctable(events, "1h", ("area", "flats")),
        _single("area", lambda span: span.sum, "flats"),
        exact_label=True,
        revised=True,
    ),
}
