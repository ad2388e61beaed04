"""What the store and the topics hold in the end, against what the log means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from cityhub.kpi.kernel.plan import Plan
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import binned
from tests.unit.kpi.simulator.actors import Topics
from tests.unit.kpi.simulator.city import MINUTE_MS
from tests.unit.kpi.simulator.expected import (
    MEANINGS,
    Judged,
    Meaning,
    Span,
    Stock,
    cuts_of,
    events_of,
    horizon_ms,
    judge,
    key_of,
    label,
    windows_of,
)
from tests.unit.kpi.simulator.faults import FaultyDatabase
from tests.unit.kpi.simulator.log import CURSED, Log

Row = dict[str, Any]


class Outcome(NamedTuple):
    """Attributes:
    topics: None = nothing was published in this seed. settled_ms: up to when every partition is complete.
    """

    database: FaultyDatabase
    plans: Sequence[Plan]
    log: Log
    topics: Topics | None
    settled_ms: int

    def rows(self, statement: str) -> list[Row]:
        with self.database.raw() as connection:
            found = connection.execute(statement)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


def check(outcome: Outcome) -> list[str]:
    """What is wrong, a line each."""
    judged = judge(outcome.log)
    found = [*_verdicts(outcome, judged), *_cursors(outcome, judged), *_seen(outcome, judged)]
    kept = _buckets(outcome)
    bins = _bins(outcome)
    until_s = ((outcome.settled_ms // MINUTE_MS) + 1) * 60
    published = _published(outcome) if outcome.topics is not None else {}
    stock = Stock(judged.counted)
    for plan in outcome.plans:
        id_ = plan.definition.id
        meaning = MEANINGS[id_]
        events = events_of(meaning, judged.counted)
        buckets = meaning.buckets(events)
        found += _differences(f"{id_} bucket", _named(kept[id_], meaning), _settled(buckets, meaning))
        found += _differences(f"{id_} bin", bins[id_], binned(buckets) if plan.histograms else {})
        if outcome.topics is not None:
            found += _values(meaning, published[id_], (buckets, events, stock, outcome.settled_ms, until_s), id_)
    if outcome.topics is not None:
        found += [*_topic(outcome, outcome.topics, published), *_letters(outcome, outcome.topics, judged)]
    return found


def _differences(what: str, found: dict[Any, Any], wanted: dict[Any, Any]) -> Iterator[str]:
    for key in found.keys() | wanted.keys():
        if found.get(key) != wanted.get(key):
            yield f"{what} {key} is {found.get(key)}, must be {wanted.get(key)}"


def _verdicts(outcome: Outcome, judged: Judged) -> Iterator[str]:
    rows = outcome.rows("select topic, part, off, reason from verdict")
    found = {(row["topic"], row["part"], row["off"]): row["reason"] for row in rows}
    yield from _differences("verdict", found, _tolerant(outcome, judged, found))


def _tolerant(outcome: Outcome, judged: Judged, found: dict[Any, str]) -> dict[Any, str]:
    """What no definition bears, under an id that another event took meanwhile, is refused for either reason."""
    wanted = dict(judged.verdicts)
    for (topic, part, offset), reason in judged.verdicts.items():
        sample = outcome.log.parts[topic, part][offset].sample
        either = reason == "id_reuse" and sample is not None and sample.subject == CURSED
        if either and found.get((topic, part, offset)) == "processing":
            wanted[topic, part, offset] = "processing"
    return wanted


def _cursors(outcome: Outcome, judged: Judged) -> Iterator[str]:
    names = ("off", "appended_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s")
    found, wanted = {}, {}
    for row in outcome.rows("select * from cursor"):
        found[row["topic"], row["part"]] = {name: row[name] for name in names}
        if outcome.topics is not None and row["complete_ms"] != outcome.settled_ms:
            yield f"cursor {row} is not complete up to {outcome.settled_ms}"
    for at, records in outcome.log.parts.items():
        mine = [one.sample for one in judged.of_part[at]]
        wanted[at] = {
            "off": len(records) - 1,
            "appended_ms": judged.clocks[at],
            "records": len(records),
            "duplicates": judged.duplicates[at],
            "rejected": sum(place[:2] == at for place in judged.verdicts),
            "synthetic": sum(sample.synthetic for sample in mine),
            "newest_event_s": max((sample.t for sample in mine), default=0) // 1000,
        }
    untouched = {at for at, records in outcome.log.parts.items() if not records}
    yield from _differences(
        "cursor", {at: row for at, row in found.items() if at not in untouched or row["off"] >= 0}, {at: row for at, row in wanted.items() if at not in untouched}
    )


def _seen(outcome: Outcome, judged: Judged) -> Iterator[str]:
    """Every counted id is remembered once, unless it is older than the horizon."""
    rows = outcome.rows("select topic, part, n, ids from seen")
    held: defaultdict[tuple[str, int], Counter[bytes]] = defaultdict(Counter)
    for row in rows:
        ids = [row["ids"][start : start + 16] for start in range(0, len(row["ids"]), 16)]
        if len(ids) != row["n"]:
            yield f"seen of {row['topic']} says {row['n']} ids and holds {len(ids)}"
        held[row["topic"], row["part"]].update(ids)
    for at, counted in judged.of_part.items():
        keys = {key_of(one.sample.source, one.sample.id): one for one in counted}
        if len(keys) != len(counted):
            continue  # an id that was forgotten in between
        for key, one in keys.items():
            old = judged.clocks[at] - one.clock_ms > horizon_ms(at[0])
            if held[at][key] != 1 and not (old and held[at][key] == 0):
                yield f"seen of {at} holds {one.sample.id} {held[at][key]} times"
        if foreign := held[at].keys() - keys.keys():
            yield f"seen of {at} holds {len(foreign)} ids that were not counted"


def _buckets(outcome: Outcome) -> dict[str, dict[oracle.Place, list[int]]]:
    """Sums over all writers by definition: n, synthetic_n, digest, slots."""
    sums = ", ".join(f"sum(b.{name})" for name in ("n", "synthetic_n", *(f"d{i}" for i in range(4)), *_SLOTS))
    rows = outcome.rows(
        f"select s.kpi, s.layer, b.start, s.scope, s.dims, {sums} from bucket b left join series s on s.id = b.series "  # noqa: S608
        "group by b.series, b.start"
    )
    found: defaultdict[str, dict[oracle.Place, list[int]]] = defaultdict(dict)
    for row in rows:
        kpi, layer, start, scope, dims, n, synthetic_n, *rest = row.values()
        digest = sum(limb << (32 * index) for index, limb in enumerate(rest[:4])) % 2**128
        found[kpi][layer, start, scope, _dims(dims or "{}")] = [n, synthetic_n, digest, *rest[4:]]
    return found


_SLOTS = tuple(f"v{number}" for number in range(8))


def _dims(text: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(text).values())


def _named(kept: dict[oracle.Place, list[int]], meaning: Meaning) -> dict[oracle.Place, Row]:
    names = ("n", "synthetic_n", "digest", *meaning.slots)
    found = {place: {name: one for name, one in zip(names, sums, strict=False) if one} for place, sums in kept.items()}
    return {place: sums for place, sums in found.items() if sums}


def _settled(buckets: oracle.Buckets, meaning: Meaning) -> dict[oracle.Place, Row]:
    names = {"n", "synthetic_n", "digest", *meaning.slots}
    found = {
        place: {name: one for name, one in sums.items() if name in names} for place, sums in buckets.settled().items()
    }
    return {place: sums for place, sums in found.items() if sums}


def _bins(outcome: Outcome) -> defaultdict[str, dict[Any, int]]:
    rows = outcome.rows(
        "select s.kpi, s.layer, b.start, s.scope, s.dims, b.histogram, b.bin, sum(b.n) as n from bin b "
        "left join series s on s.id = b.series group by b.series, b.start, b.histogram, b.bin"
    )
    found: defaultdict[str, dict[Any, int]] = defaultdict(dict)
    for kpi, layer, start, scope, dims, histogram, bin_, n in (row.values() for row in rows):
        if n:
            found[kpi][(layer, start, scope, _dims(dims)), histogram, bin_] = n
    return found


def _published(outcome: Outcome) -> defaultdict[str, dict[Any, Row]]:
    found: defaultdict[str, dict[Any, Row]] = defaultdict(dict)
    for row in outcome.rows("select * from value"):
        key = (row["window"], row["anchor"], row["scope"], row["dims"])
        found[row["kpi"]][key] = {**row, "payload": msgspec.json.decode(row["payload"])}
    return found


def _values(meaning: Meaning, published: dict[Any, Row], known: Any, id_: str) -> Iterator[str]:
    buckets, events, stock, settled_ms, until_s = known
    wanted = set(_windows(meaning, buckets, until_s))
    for key in wanted - {(kind, start, row["end"], scope, dims) for (kind, start, scope, dims), row in published.items()}:
        if _anything(meaning, _span(key, buckets, until_s, stock)):
            yield f"{id_} value {key} is not published"
    for (kind, start, scope, dims), row in published.items():
        span = _span((kind, start, row["end"], scope, dims), buckets, until_s, stock)
        payload = row["payload"]
        for name, number in _numbers(meaning, span).items():
            if not _same(payload, name, number):
                yield f"{id_} {kind} {_shown(start)} {scope} {dims}: {name} must be {number}, not {payload}"
        if meaning.exact_label:
            said, late = label(meaning, events, span, settled_ms)
            if payload["label"] != said and not _by_reference(payload, said):
                yield f"{id_} {kind} {_shown(start)} {scope} {dims}: label must be {said}, not {payload}"
            if late != ("late" in payload.get("reasons", ())):
                yield f"{id_} {kind} {_shown(start)} {scope} {dims}: late must be {late}: {payload}"


def _by_reference(payload: Row, said: str) -> bool:
    """A denominator that changes after the deadline corrects a number, too."""
    return said == "final" and payload.get("reasons") == ["reference"]


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
    if meaning.layered:
        counted = span.layer
    else:
        counted = span.ever if meaning.cumulative else span.sum
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
    yield from _differences("topic", {k: (r, msgspec.json.decode(v)) for k, (r, v) in held.items()}, ends)
    if owed := [row for row in store.values() if row["published"] != row["revision"]]:
        yield f"{len(owed)} values are still owed to the topic"
    until_s = ((outcome.settled_ms // MINUTE_MS) + 1) * 60
    if marks := outcome.rows(f"select * from dirty where start < {until_s}"):  # noqa: S608
        yield f"marks are left: {marks}"


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
    refused = _tolerant(outcome, judged, {at: reason for at, (reason, _) in found.items()})
    wanted = {
        (topic, part, offset): (reason, outcome.log.parts[topic, part][offset].value)
        for (topic, part, offset), reason in refused.items()
    }
    yield from _differences("dead letter", found, wanted)


def _shown(start: int) -> str:
    return datetime.fromtimestamp(start, oracle.BERLIN).isoformat()
