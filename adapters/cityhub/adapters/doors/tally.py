"""What a door has judged, as its metrics count it: when Kafka has acknowledged it, once per request or stretch."""

from __future__ import annotations

from collections import Counter
from functools import cache

from cityhub.bus import metrics

_events = cache(metrics.EVENTS.labels)
_seconds = cache(metrics.DOOR_SECONDS.labels)
"""Looking a child up takes the library longer than counting; there are as many as partners and rules."""


def accepted(door: str, partner: str, count: int, seconds: float) -> None:
    """So many events stand in their topics, so long after they came."""
    _seconds(door).observe(seconds)
    if count:
        _events(partner, door, "accepted", "").inc(count)


def rejected(door: str, partner: str, rules: Counter[str]) -> None:
    """So many refused events stand in the dead letters, by rule."""
    for rule, count in rules.items():
        _events(partner, door, "rejected", rule).inc(count)
        metrics.DEAD_LETTERS.labels(partner, door, rule).inc(count)
