"""What was published, against what the log means: values, labels, the value topic and the dead letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tests.unit.kpi import oracle
from tests.unit.kpi.simulator.actors import Topics
from tests.unit.kpi.simulator.expected import Judged
from tests.unit.kpi.simulator.labels import label, touched_windows, touches
from tests.unit.kpi.simulator.meanings import Meaning, Span, Stock
from tests.unit.kpi.simulator.outcome import Facts, Outcome, Row, differences
from tests.unit.kpi.simulator.windows import cuts_of, windows_of


def check_published(
    outcome: Outcome, topics: Topics, judged: Judged, facts: Sequence[Facts], stock: Stock
) -> Iterator[str]:
    """What is wrong, a line each."""
    published = _published(outcome)
    for one in facts:
        yield from _values(one, published[one.id], stock, outcome)
    yield from _topic(outcome, topics, published)
    yield from _letters(outcome, topics, judged)


def _published(outcome: Outcome) -> defaultdict[str, dict[Any, Row]]:
    found: defaultdict[str, dict[Any, Row]] = defaultdict(dict)
    for row in outcome.rows("select * from value"):
        key = (row["window"], row["anchor"], row["scope"], row["dims"])
        found[row["kpi"]][key] = {**row, "payload": msgspec.json.decode(row["payload"])}
    return found


def _values(facts: Facts, published: dict[Any, Row], stock: Stock, outcome: Outcome) -> Iterator[str]:
    meaning, until_s = facts.meaning, outcome.until_s
    held = {(kind, start, row["end"], scope, dims): row for (kind, start, scope, dims), row in published.items()}
    touched = touches(meaning, facts.events) if meaning.exact_label else []
    for key in set(touched_windows(meaning, touched, until_s)) - held.keys():
        yield f"{facts.id} value {key} was touched and is not published"
    for key in set(_windows(meaning, facts.buckets, until_s)) - held.keys():
        if _anything(meaning, _span(key, facts.buckets, until_s, stock)):
            yield f"{facts.id} value {key} is not published"
    for key, row in held.items():
        span, payload = _span(key, facts.buckets, until_s, stock), row["payload"]
        where = f"{facts.id} {key[0]} {datetime.fromtimestamp(key[1], oracle.BERLIN)} {key[3]} {key[4]}"
        for name, number in _numbers(meaning, span).items():
            if not _same(payload, name, number):
                yield f"{where}: {name} must be {number}, not {payload}"
        if meaning.exact_label:
            said, reasons = label(meaning, touched, span, outcome.settled_ms)
            if (payload["label"], payload.get("reasons", [])) != (said, reasons):
                yield f"{where}: label must be {said} {reasons}, not {payload}"


def _windows(meaning: Meaning, buckets: oracle.Buckets, until_s: int) -> Iterator[tuple[str, int, int, str, str]]:
    if meaning.layered:
        for (kind, start, scope, dims), sums in buckets.sums.items():
            if any(sums.values()) and start < until_s:
                text = msgspec.json.encode({"line": dims[0]}).decode() if dims else "{}"
                yield kind, start, oracle.grain(kind, start * 1000)[1], scope, text
        return
    cuts = cuts_of(meaning, buckets)
    for window in windows_of(meaning, buckets, until_s):
        for cut in cuts:
            yield (*window, *cut)


def _span(key: tuple[str, int, int, str, str], buckets: oracle.Buckets, until_s: int, stock: Stock) -> Span:
    kind, start, end, scope, dims = key
    return Span(buckets, (kind, start, end), (scope, dims), until_s, stock)


def _anything(meaning: Meaning, span: Span) -> bool:
    names = ("n", "digest", *meaning.slots)
    if meaning.layered:
        return any(span.layer(name) for name in names)
    return any(span.sum(name) or (meaning.prefix and span.ever(name)) for name in names)


def _numbers(meaning: Meaning, span: Span) -> Row:
    counted = span.layer if meaning.layered else span.ever if meaning.cumulative else span.sum
    counts = {"n": counted("n"), "synthetic_n": counted("synthetic_n")}
    return {**meaning.numbers(span), **counts, "digest": f"{counted('digest') % 2**128:032x}"}


def _same(payload: Row, name: str, number: Any) -> bool:
    if name == "named":
        return all(payload["named"][one] == value for one, value in number.items())
    if name == "middle":
        shown = payload["named"]["middle"]
        return (shown is None) == (number is None) and (number is None or abs(shown - number) * 128 <= number)
    return bool(payload.get(name) == number)


def _topic(outcome: Outcome, topics: Topics, published: dict[str, dict[Any, Row]]) -> Iterator[str]:
    """In the topic a revision stands for one value, what its reader holds never goes back, and ends as the store's."""
    held: dict[bytes, tuple[int, bytes]] = {}
    by_revision: dict[tuple[bytes, int], bytes] = {}
    for key, value, headers in topics.values:
        revision = int(dict(headers)["revision"])
        if by_revision.setdefault((key or b"", revision), value) != value:
            yield f"revision {revision} of {key!r} stands for two values"
        before = held.get(key or b"")
        if before is None or revision > before[0]:
            if before is not None:
                yield from _backwards(key or b"", before[1], value)
            held[key or b""] = (revision, value)
    store = {
        msgspec.json.encode([kpi, row["version"], row["dims"], row["scope"], row["window"], row["anchor"]]): row
        for kpi, rows in published.items()
        for row in rows.values()
    }
    ends = {key: (row["revision"], row["payload"]) for key, row in store.items()}
    yield from differences("topic", {k: (r, msgspec.json.decode(v)) for k, (r, v) in held.items()}, ends)
    if owed := [row for row in store.values() if row["published"] != row["revision"]]:
        yield f"{len(owed)} values are still owed to the topic"
    if marks := outcome.rows(f"select * from dirty where start < {outcome.until_s}"):  # noqa: S608
        yield f"marks are left: {marks}"
    if touched := outcome.rows("select * from touched"):
        yield f"batches are left unread: {touched}"


_RANK = {"provisional": 0, "final": 1, "corrected": 2}


def _backwards(key: bytes, before: bytes, after: bytes) -> Iterator[str]:
    one, two = msgspec.json.decode(before), msgspec.json.decode(after)
    if _RANK[two["label"]] < _RANK[one["label"]]:
        yield f"{key!r} was {one['label']} and is {two['label']}"
    if two["n"] < one["n"] and one["kpi_id"] not in _MAY_SHRINK:
        yield f"{key!r} counted {one['n']} events and counts {two['n']}"


_MAY_SHRINK = ("C01", "J01")
"""Superseded versions and repeated openings are not counted."""


def _letters(outcome: Outcome, topics: Topics, judged: Judged) -> Iterator[str]:
    """The dead letters are exactly what was refused, with its bytes; one may stand there twice."""
    found = {}
    for _, (_, payload, headers) in topics.letters:
        named = {name: value.decode() for name, value in headers}
        at = (named["dlq_topic"], int(named["dlq_partition"]), int(named["dlq_offset"]))
        found[at] = (named["dlq_reason"], payload)
    wanted = {
        (topic, part, offset): (reason, outcome.log.parts[topic, part][offset].value)
        for (topic, part, offset), reason in judged.verdicts.items()
    }
    yield from differences("dead letter", found, wanted)
