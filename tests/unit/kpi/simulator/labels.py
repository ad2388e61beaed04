"""Labels and their reasons as they follow from the log (docs/time.md), for windows that sum up their own buckets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from tests.unit.kpi import oracle
from tests.unit.kpi.simulator.city import LATENESS_MS
from tests.unit.kpi.simulator.meanings import Meaning, Span

REASONS = ("reference", "correction", "retraction", "late")
Key = tuple[str, int, int, str, str]
"""A published window: kind, start, end, scope, dimensions."""


class Touch(NamedTuple):
    """An event changed a bucket when its partition's clock showed `clock_ms`."""

    place: oracle.Place
    reason: str
    clock_ms: int


def touches(meaning: Meaning, events: Sequence[oracle.Event]) -> list[Touch]:
    """What each event changed: what its entity's events mean with it, against what they meant before.

    Args:
        events: each partition's in the order of its log; those of an entity share a partition.
    """
    found: list[Touch] = []
    known: defaultdict[Any, list[oracle.Event]] = defaultdict(list)
    for number, event in enumerate(events):
        mine = known[event.get("entity", number)]
        reason = "late"
        if mine and meaning.revised:
            reason = "retraction" if event["terms"][1] else "correction"
        before = meaning.buckets(mine).settled()
        mine.append(event)
        after = meaning.buckets(mine).settled()
        changed = (place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
        found += (Touch(place, reason, event["clock"]) for place in changed)
    return found


def touched_windows(meaning: Meaning, found: Sequence[Touch], until_s: int) -> Iterator[Key]:
    """Every window that must be published: an event touched it."""
    for (layer, start, scope, dims), _, _ in found:
        if start >= until_s:
            continue
        text = msgspec.json.encode({"line": dims[0]}).decode() if dims else "{}"
        if layer:
            yield layer, start, oracle.grain(layer, start * 1000)[1], scope, text
            continue
        for kind in meaning.kinds:
            window = oracle.grain("15min" if kind == "quarter-hour" else kind, start * 1000)
            for shown in {"city", scope} - {""}:
                for cut in {"{}", text}:
                    yield (kind, *window, shown, cut)


def label(meaning: Meaning, found: Sequence[Touch], span: Span, settled_ms: int) -> tuple[str, list[str]]:
    """Label and reasons of a window."""
    mine = [touch for touch in found if _counts(span, touch.place)]
    changed_ms = {touch.reason: max(one.clock_ms for one in mine if one.reason == touch.reason) for touch in mine}
    if meaning.per_stock:
        changed_ms["reference"] = span.referred_ms
    deadline = max(span.end * 1000, min((touch.clock_ms for touch in mine), default=0)) + LATENESS_MS
    if settled_ms <= deadline:
        return "provisional", []
    reasons = [reason for reason in REASONS if changed_ms.get(reason, 0) > deadline]
    return "corrected" if reasons else "final", reasons


def _counts(span: Span, place: oracle.Place) -> bool:
    layer, start, scope, dims = place
    if layer:
        text = msgspec.json.encode({"line": dims[0]}).decode() if dims else "{}"
        return (layer, start, scope, text) == (span.kind, span.start, span.scope, span.dims)
    return (
        span.start <= start < min(span.end, span.until_s)
        and span.scope in ("city", scope)
        and (span.dims == "{}" or dims == tuple(msgspec.json.decode(span.dims).values()))
    )
