"""Roadworks for the simulator: pairs over two topics, so that partitions share a cell of many rows. All synthetic."""

from __future__ import annotations

from random import Random
from typing import Any

from cityhub.sdk.contract import Field
from cityhub.sdk.text import Text
from tests.unit.kpi import oracle

TYPES = DUG, BUILT = "de.duisburg.wbd.road.dug.v1", "de.duisburg.gebag.road.built.v1"
_HOUR_MS = 3_600_000
_WITHIN_M = 150
_WORD = Text("Wort", "word")


def _field(type_: Any, **more: Any) -> Field:
    return Field(type=type_, meaning=_WORD, **more)


FIELDS = {
    "owner": _field("text", values=("x", "y"), optional=True),
    "lat": _field("decimal", scale=6, unit="deg", min=51, max=52),
    "lon": _field("decimal", scale=6, unit="deg", min=6, max=8),
    "begin": _field("instant"),
    "end": _field("instant", optional=True),
    "open": _field("boolean"),
    "until": _field("instant", optional=True),
    "line": _field("text", values=("u", "v"), optional=True),
}
DEFINITION: dict[str, Any] = {
    "sources": {"dug": {"type": DUG}, "built": {"type": BUILT}},
    "windows": ["day"],
    "dimensions": ["line"],
    "measure": {
        "pairs": {
            "of": ["dug", "built"],
            "entity": "@subject",
            "differ": "$owner",
            "at": ["$lat", "$lon"],
            "within_m": _WITHIN_M,
            "overlap": ["$begin", "$end"],
            "holds": {"eq": ["$open", True]},
            "until": "$until",
        }
    },
}


def data(rng: Random, start_ms: int, t: int) -> dict[str, Any]:
    """On little ground, at times that mostly overlap: 0, 111 or 156 m to the north, 0 or 139 m to the east."""
    begin = start_ms + rng.randint(0, 2) * _HOUR_MS
    ends = (begin + 9 * _HOUR_MS,) * 9 + (begin + 2 * _HOUR_MS, begin, None)
    untils = (t + 90 * _HOUR_MS,) * 7 + (t + 3 * _HOUR_MS, t + _HOUR_MS // 2, t - 60_000, None)
    return {
        "owner": rng.choice(("x", "y") * 6 + (None,)),
        "lat": rng.choice((51.432, 51.433, 51.433, 51.4334)),
        "lon": rng.choice((6.765, 6.765, 6.765, 6.767)),
        "begin": begin,
        "end": rng.choice(ends),
        "open": rng.random() < 0.9,
        "until": rng.choice(untils),
        "line": rng.choice(("u", "v", None)),
    }


def event(subject: str, data: dict[str, Any]) -> dict[str, Any]:
    """In the oracle's words."""
    where = (round(data["lat"] * 10**6), round(data["lon"] * 10**6))
    return {
        "entity": subject,
        "terms": (data["owner"], *where, data["begin"], data["end"], int(data["open"]), data["until"]),
    }


def buckets(events: list[oracle.Event]) -> oracle.Buckets:
    """What they mean."""
    return oracle.pairs(events, "1h", within_m=_WITHIN_M, expires=True)
