"""What the store holds in the end, against what the log means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from cityhub.kpi.kernel.measure import Pairs
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import binned
from tests.unit.kpi.simulator.expected import Judged, horizon_ms, judge, key_of
from tests.unit.kpi.simulator.meanings import MEANINGS, Meaning, Stock, events_of
from tests.unit.kpi.simulator.outcome import Facts, Outcome, Row, differences
from tests.unit.kpi.simulator.published import check_published


def check(outcome: Outcome) -> list[str]:
    """What is wrong, a line each."""
    judged = judge(outcome.log)
    found = [*_verdicts(outcome, judged), *_cursors(outcome, judged), *_seen(outcome, judged), *_cells(outcome)]
    kept, bins, facts = _buckets(outcome), _bins(outcome), []
    for plan in outcome.plans:
        id_ = plan.definition.id
        meaning = MEANINGS[id_]
        events = events_of(meaning, judged.counted)
        buckets = meaning.buckets(events)
        found += differences(f"{id_} bucket", _named(kept[id_], meaning), _settled(buckets, meaning))
        found += differences(f"{id_} bin", bins[id_], binned(buckets) if plan.histograms else {})
        facts.append(Facts(id_, meaning, events, buckets))
    if outcome.topics is not None:
        found += check_published(outcome, outcome.topics, judged, facts, Stock(judged.counted))
    return found


def _cells(outcome: Outcome) -> Iterator[str]:
    """A cell without memory needs no row, unless other rows are locked by it."""
    locks = {f"{plan.definition.id}/1/0" for plan in outcome.plans if isinstance(plan.definition.measure, Pairs)}
    for row in outcome.rows("select plan, state from cell"):
        if not row["state"] and row["plan"] not in locks:
            yield f"an empty cell of {row['plan']} is kept"


def _verdicts(outcome: Outcome, judged: Judged) -> Iterator[str]:
    rows = outcome.rows("select topic, part, off, reason from verdict")
    found = {(row["topic"], row["part"], row["off"]): row["reason"] for row in rows}
    yield from differences("verdict", found, judged.verdicts)


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
    yield from differences(
        "cursor",
        {at: row for at, row in found.items() if at not in untouched or row["off"] >= 0},
        {at: row for at, row in wanted.items() if at not in untouched},
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
