"""Which windows, scopes and dimensions a log gives numbers for."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tests.unit.kpi import oracle
from tests.unit.kpi.simulator.meanings import Meaning


def windows_of(meaning: Meaning, buckets: oracle.Buckets, until_s: int) -> Iterator[tuple[str, int, int]]:
    """Every window that holds a bucket, or of running totals follows one: kind, start, end."""
    starts = [place[1] for place, sums in buckets.sums.items() if any(sums.values()) and place[1] < until_s]
    for kind in meaning.kinds:
        step = "15min" if kind == "quarter-hour" else kind
        found = {oracle.grain(step, start * 1000) for start in starts}
        if meaning.prefix and found:
            start, end = min(found)
            while start < until_s:
                found.add((start, end))
                start, end = oracle.grain(step, end * 1000)
        for start, end in sorted(found):
            if start < until_s:
                yield kind, start, end


def cuts_of(meaning: Meaning, buckets: oracle.Buckets) -> set[tuple[str, str]]:
    """Scopes and dimensions that occur, as readers name them."""
    found = set()
    for _, _, scope, dims in buckets.sums:
        for shown in {"city", scope} - {""}:
            for text in {"{}", msgspec.json.encode({"line": dims[0]}).decode() if dims else "{}"}:
                found.add((shown, text))
    return found
