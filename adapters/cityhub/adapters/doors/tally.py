"""What a door has judged, as its metrics count it: when Kafka has acknowledged it, once per request or stretch."""

from __future__ import annotations

from collections import Counter

from cityhub.bus import metrics


def accepted(door: str, partner: str, count: int) -> None:
    """So many events stand in their topics."""
    if count:
        metrics.EVENTS.labels(partner, door, "accepted", "").inc(count)


def rejected(door: str, partner: str, rules: Counter[str]) -> None:
    """So many refused events stand in the dead letters, by rule."""
    for rule, count in rules.items():
        metrics.EVENTS.labels(partner, door, "rejected", rule).inc(count)
        metrics.DEAD_LETTERS.labels(partner, door, rule).inc(count)
