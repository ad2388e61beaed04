"""Sums over many windows at once: rows of buckets, laid out by published cut and time, and added up once.

A running total over the rows in order of (cut, start) makes every sum a difference of two of its lines, for windows and
for everything up to an instant alike. Differences are exact as long as the sum itself fits 64 bits, which definitions
are checked for; that the running total may wrap around does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Bins = dict[int, dict[int, int]]
"""Per histogram, counts per bin."""

CITY = "city"
ALL = "{}"
_START_BITS = 36
_NO_CUT = -1
_encode = msgspec.json.Encoder(order="sorted").encode


class Cut(NamedTuple):
    """What a number is published for: `city` or a borough, and a dimension's values as canonical JSON; `{}` = all."""

    scope: str
    dims: str


class SeriesRow(NamedTuple):
    """A series as buckets name it."""

    id: int
    layer: str
    scope: str
    dims: str


def cuts_of(series: SeriesRow, *, boroughs: bool) -> tuple[Cut, ...]:
    """The cuts that a series counts into: of all, of each of its dimensions alone, and of all its dimensions together.

    One of a layer is its own cut.

    Args:
        boroughs: whether the definition is published by borough too.
    """
    if series.layer:
        return (Cut(series.scope, series.dims),)
    scopes = (CITY, series.scope) if boroughs and series.scope else (CITY,)
    return tuple(
        dict.fromkeys(Cut(scope, dims) for scope in scopes for dims in (ALL, *_each(series.dims), series.dims))
    )


@lru_cache(maxsize=65_536)
def _each(dims: str) -> tuple[str, ...]:
    """Each of several dimensions alone."""
    held = msgspec.json.decode(dims, type=dict[str, str])
    return tuple(_encode({name: value}).decode() for name, value in held.items())


class CutIndex:
    """Numbers for the cuts of one definition's series."""

    def __init__(self, series: Iterable[SeriesRow], *, boroughs: bool) -> None:
        self._numbers: dict[Cut, int] = {}
        rows = sorted((row.id, cuts_of(row, boroughs=boroughs)) for row in series)
        self._ids = np.array([number for number, _ in rows], dtype=np.int64)
        width = max((len(cuts) for _, cuts in rows), default=1)
        self._cuts = np.full((len(rows), width), _NO_CUT, dtype=np.int64)
        for line, (_, cuts) in enumerate(rows):
            self._cuts[line, : len(cuts)] = [self._numbers.setdefault(cut, len(self._numbers)) for cut in cuts]

    def __iter__(self) -> Iterator[Cut]:
        return iter(self._numbers)

    def key(self, cut: Cut, start: int) -> int:
        """Where rows of a cut from an instant on begin in a sheet; an unknown cut has no rows."""
        return (self._numbers.get(cut, len(self._numbers)) << _START_BITS) + start

    def spread(self, rows: Integers) -> tuple[Integers, Integers]:
        """Each row once for every cut it counts into.

        Args:
            rows: columns series, start, and what follows.

        Returns:
            keys in rising order, and the rows in that order.
        """
        places = np.searchsorted(self._ids, rows[:, 0])
        keys, taken = [], []
        for cuts in self._cuts.T:
            numbers = cuts[places]
            known = numbers != _NO_CUT
            keys.append((numbers[known] << _START_BITS) + rows[known, 1])
            taken.append(np.flatnonzero(known))
        key = np.concatenate(keys)
        order = np.argsort(key, kind="stable")
        return key[order], rows[np.concatenate(taken)[order]]


class Span(NamedTuple):
    """Rows of a cut with start in [start, end), epoch seconds."""

    cut: Cut
    start: int
    end: int


class Sheet:
    """Sums of bucket rows; columns series, start, then the integers that are added."""

    def __init__(self, index: CutIndex, rows: Integers) -> None:
        self._index = index
        self._keys, spread = index.spread(rows)
        self._running = np.zeros((len(self._keys) + 1, rows.shape[1] - 2), dtype=np.int64)
        np.cumsum(spread[:, 2:], axis=0, out=self._running[1:])

    def sums(self, spans: Sequence[Span]) -> list[list[int]]:
        """The sum of each span's rows, in the order of the spans."""
        low = np.array([self._index.key(span.cut, span.start) for span in spans], dtype=np.int64)
        high = np.array([self._index.key(span.cut, span.end) for span in spans], dtype=np.int64)
        found = self._running[np.searchsorted(self._keys, high)] - self._running[np.searchsorted(self._keys, low)]
        lists: list[list[int]] = found.tolist()
        return lists


class BinSheet:
    """Sums of histogram rows; columns series, start, histogram, bin, n."""

    def __init__(self, index: CutIndex, rows: Integers) -> None:
        self._index = index
        self._keys, self._rows = index.spread(rows)

    def sums(self, span: Span) -> Bins:
        """The histograms of one span."""
        edges = [self._index.key(span.cut, span.start), self._index.key(span.cut, span.end)]
        low, high = np.searchsorted(self._keys, np.array(edges, dtype=np.int64))
        return added(self._rows[low:high, 2:].tolist())


def added(rows: Iterable[Sequence[int]]) -> Bins:
    """Histograms from rows of (histogram, bin, n)."""
    found: Bins = {}
    for histogram, bin_, count in rows:
        bins = found.setdefault(histogram, {})
        bins[bin_] = bins.get(bin_, 0) + count
    return found


def flat(bins: Mapping[int, Mapping[int, int]]) -> list[tuple[int, int, int]]:
    """Histograms as rows of (histogram, bin, n), in order."""
    return [(histogram, bin_, bins[histogram][bin_]) for histogram in sorted(bins) for bin_ in sorted(bins[histogram])]
