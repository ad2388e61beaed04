"""A definition of every class over events in the oracle's words, so that the oracle's samples are samples here, too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from cityhub.kpi.batch import Buckets
from cityhub.kpi.definition import parse_definition
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.sdk.contract import Contracts, Correctable
from tests.unit.kpi import oracle
from tests.unit.kpi.batch.frames import schema
from tests.unit.kpi.language.contracts import contract, field

SEEN, ENDED, FLAT, DUG = (f"de.duisburg.wbd.{noun}.v1" for noun in ("seen", "ended", "flat", "dug"))
_NUMBER = field("integer", min=-1000, max=1000, optional=True)
_NOTED = {"dim": field("text", distinct_at_most=9), "value": _NUMBER, "over": _NUMBER}
_SITE = {
    "owner": field("text", optional=True),
    "lat": field("decimal", scale=6, unit="deg", min=51, max=52, optional=True),
    "lon": field("decimal", scale=6, unit="deg", min=6, max=8, optional=True),
    "holds": field("integer", min=0, max=1, optional=True),
    **{name: field("instant", optional=True) for name in ("begin", "end", "until")},
}
_VERSION = {"version": field("integer"), "gone": field("boolean", optional=True), "one": _NUMBER, "two": _NUMBER}
CONTRACTS = Contracts(
    contract(type_, fields, subjects_at_most=100, **more)
    for type_, fields, more in (
        (SEEN, {**_NOTED, "until": field("instant", optional=True)}, {}),
        (ENDED, {"dim": _NOTED["dim"]}, {}),
        (
            FLAT,
            {"dim": _NOTED["dim"], **_VERSION},
            {"correctable": Correctable(entity=("@subject",), version="$version", retracted="$gone")},
        ),
        (DUG, {"dim": _NOTED["dim"], **_SITE}, {}),
    )
)


class Sample(NamedTuple):
    """A class of KPIs.

    Attributes:
        terms: fields that hold the terms of the oracle's events, in its order; a tuple of fields for a tuple of terms.
        slots: the oracle's names of the slots.
    """

    plan: Plan
    terms: tuple[Any, ...]
    slots: tuple[str, ...]

    def frames(self, events: Sequence[oracle.Event]) -> dict[str, pl.DataFrame]:
        """The events as frames of the types that the definition reads, by what each is to it."""
        types = [source.type for source in self.plan.definition.sources.values()]
        mine: dict[str, list[dict[str, Any]]] = {type_: [] for type_ in types}
        for off, event in enumerate(events):
            mine[types[event.get("role") == "then"]].append(self._row(off, event))
        return {type_: pl.DataFrame(rows, schema=schema(CONTRACTS[type_])) for type_, rows in mine.items()}

    def _row(self, off: int, event: oracle.Event) -> dict[str, Any]:
        high, low = divmod(event["digest"], 1 << 64)
        named = {"part": 0, "off": off, "t": event["t"], "id": str(off), "source": "//test", "subject": event["entity"]}
        more = {"borough": event["scope"], "synthetic": event["synthetic"], "digest_hi": high, "digest_lo": low}
        dims = dict(zip(("$dim",), event["dims"], strict=False))
        return {
            **named,
            **more,
            "append_ms": 0,
            "clock_ms": 0,
            "reason": None,
            **dims,
            **_fields(self.terms, event["terms"]),
        }

    def named(self, found: Buckets) -> dict[oracle.Place, dict[str, int]]:
        """Sums that are not 0, in the oracle's words."""
        names = ("n", "synthetic_n", "digest", *self.slots)
        return {
            tuple(place): {name: amount for name, amount in zip(names, vector, strict=True) if amount}
            for place, vector in found.vectors().items()
        }


def _fields(names: Sequence[Any], terms: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, term in zip(names, terms, strict=False):
        found |= _fields(name, term) if isinstance(name, tuple) else {f"${name}": term}
    return found


def sample(
    measure: Any, slots: str, terms: tuple[Any, ...] = (), types: Sequence[str] = (SEEN,), **more: Any
) -> Sample:
    """A definition around a measure, with boroughs and one dimension unless it says otherwise."""
    tree = {
        "id": "T01",
        "version": 1,
        "field": "wohnen",
        **{key: {"de": "Wort", "en": "word"} for key in ("name", "sentence", "question", "formula")},
        "owner": "wbd",
        "audience": "public",
        "unit": "1",
        "direction": "up",
        "grain": "1d",
        "windows": ["year"],
        "scopes": ["city", "borough"],
        "dimensions": ["dim"],
        "sources": {name: {"type": type_} for name, type_ in zip(("a", "b"), types, strict=False)},
        "measure": measure,
        **more,
    }
    tree.setdefault("default_window", tree["windows"][0])
    return Sample(
        plan_of(parse_definition(json.dumps(tree), "wohnen/T01.yaml", CONTRACTS)), terms, tuple(slots.split())
    )


_OF = {"of": "a", "entity": "@subject"}
_VALUE = {"value": "$value"}
_SITES = {"differ": "$owner", "at": ["$lat", "$lon"], "within_m": 150, "overlap": ["$begin", "$end"]}


def state(hold: str, **more: Any) -> Sample:
    return sample(
        {"state": {**_OF, **_VALUE, "hold_at_most": hold}}, "true_ms observed_ms entities", ("value",), **more
    )


def latest(**more: Any) -> Sample:
    return sample({"latest": {**_OF, **_VALUE}}, "value", ("value", "over", "until"), **more)


def latest_over(**more: Any) -> Sample:
    weighted = {"latest": {**_OF, **_VALUE, "over": {"latest": "$over"}, "until": "$until"}}
    return sample(weighted, "value over", ("value", "over", "until"), **more)


def distinct(*windows: str, **more: Any) -> Sample:
    return sample({"distinct": {"of": "a", "value": "@subject"}}, "distinct", windows=list(windows), **more)


def join(measure: Any, slots: str, **more: Any) -> Sample:
    halves = {"key": "@subject", "first": "a", "then": "b", "measure": measure, **more.pop("join", {})}
    return sample({"join": halves}, slots, types=(SEEN, ENDED), **more)


def correctable(**more: Any) -> Sample:
    beside = {"two": {"name": {"de": "zwei", "en": "two"}, "sum": {"of": "a", "value": "$two"}}}
    fields = ("version", "gone", ("one", "two"))
    return sample({"sum": {"of": "a", "value": "$one"}}, "one two", fields, (FLAT,), beside=beside, **more)


def pairs(**more: Any) -> Sample:
    sites = {"of": "a", "entity": "@subject", **_SITES, "holds": {"eq": ["$holds", 1]}}
    fields = ("owner", "lat", "lon", "begin", "end", "holds", "until")
    return sample({"pairs": sites | more.pop("pairs", {})}, "pairs", fields, (DUG,), **more)
