"""Many fingerprints in little memory: has one been added before, and where?

Entries stand in the order of their adding, in dense columns; forgetting the oldest is moving a mark. A hash table of
32-bit links leads to the newest entry of a slot, each entry to the one before it in its slot. Links grow older along a
chain, so a chain ends at the first link that is forgotten, and forgetting need not touch the table.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
Links = npt.NDArray[np.unsignedinteger[Any]]
_Number = TypeVar("_Number", bound=np.generic)

_MOST_PER_SLOT = 1.5
_SPARE = 8
"""Columns grow by an eighth: what is allocated and not used costs 2.5 bytes per entry at most."""
_LEAST = 1 << 12


class Hits(NamedTuple):
    """Every entry with the fingerprint that was asked for.

    Attributes:
        queries: index into the question; one may occur several times.
        positions: the entry's place in the order of adding.
    """

    queries: Positions
    positions: Positions


class Fingerprints:
    """An ordered multiset of (fingerprint, tag), each 64 bits, 23 to 28 bytes per entry.

    Positions count every entry ever added, from 0; those from `first` up to `end` are known. Fingerprints should be
    uniform in their low bits: where they are not, answers stay right and become slow.

    Args:
        room: number of entries to make room for from the start.
    """

    link_type: type[np.unsignedinteger[Any]] = np.uint32
    """Four thousand million entries after the last time, links are counted anew."""

    def __init__(self, room: int = 0) -> None:
        self.first = 0
        self.end = 0
        self._most_links = int(np.iinfo(self.link_type).max)
        self._base = 0  # position of the columns' first row
        self._zero = -1  # link = position − zero; link 0 leads nowhere
        self._fingerprints: Words = np.empty(0, np.uint64)
        self._tags: Words = np.empty(0, np.uint64)
        self._older: Links = np.empty(0, self.link_type)
        self._newest: Links = np.zeros(0, self.link_type)
        self._make_room(room)

    def __len__(self) -> int:
        return self.end - self.first

    @property
    def memory_bytes(self) -> int:
        """What is allocated."""
        return sum(column.nbytes for column in (self._fingerprints, self._tags, self._older, self._newest))

    def find(self, fingerprints: Words) -> Hits:
        """Where the fingerprints stand; none is ever missed."""
        first = self.first - self._zero
        link = self._newest[self._slots(fingerprints)]
        queries = np.flatnonzero(link >= first)
        rows = self._rows(link[queries])
        found_queries, found_rows = [], []
        while queries.size:
            same = self._fingerprints[rows] == fingerprints[queries]
            if same.any():
                found_queries.append(queries[same])
                found_rows.append(rows[same])
            link = self._older[rows]
            known = link >= first
            queries = queries[known]
            rows = self._rows(link[known])
        if not found_queries:
            return Hits(np.empty(0, np.int64), np.empty(0, np.int64))
        return Hits(np.concatenate(found_queries), np.concatenate(found_rows) + self._base)

    def tags(self, positions: Positions) -> Words:
        """What was added with the fingerprints at these positions."""
        return self._tags[positions - self._base]

    def add(self, fingerprints: Words, tags: Words) -> None:
        """Append entries; repeated fingerprints are kept beside each other."""
        count = len(fingerprints)
        if self.end - self._base + count > len(self._tags) or self.end - self._zero + count > self._most_links:
            self._make_room(count)
        row = self.end - self._base
        self._fingerprints[row : row + count] = fingerprints
        self._tags[row : row + count] = tags
        self._link(row, row + count)
        self.end += count

    def forget(self, count: int) -> None:
        """Drop the oldest entries."""
        self.first = min(self.first + count, self.end)

    def _rows(self, links: Links) -> Positions:
        return links.astype(np.int64) + (self._zero - self._base)

    def _slots(self, fingerprints: Words) -> Positions:
        return (fingerprints & np.uint64(len(self._newest) - 1)).view(np.int64)

    def _link(self, start: int, stop: int) -> None:
        """Hang the rows into their slots, in order.

        Of several in one slot the oldest is hung first, for links must grow older along a chain: assignment in reverse
        leaves it behind, and the next round hangs the others above it.
        """
        rows = np.arange(start, stop)
        slots = self._slots(self._fingerprints[start:stop])
        links = (rows + (self._base - self._zero)).astype(self.link_type)
        while rows.size:
            before = self._newest[slots]
            self._newest[slots[::-1]] = links[::-1]
            waiting = self._newest[slots] != links
            self._older[rows] = before
            rows, slots, links = rows[waiting], slots[waiting], links[waiting]

    def _make_room(self, count: int) -> None:
        """Bring the columns to the size that is needed now, without what is forgotten."""
        keep = slice(self.first - self._base, self.end - self._base)
        needed = len(self) + count
        size = max(needed + needed // _SPARE, _LEAST)
        self._fingerprints = _resized(self._fingerprints, keep, size)
        self._tags = _resized(self._tags, keep, size)
        self._older = _resized(self._older, keep, size)
        self._base = self.first
        slots = 1 << int(size / _MOST_PER_SLOT - 1).bit_length()
        too_many_links = self.end - self._zero + size > self._most_links
        if too_many_links or not slots <= len(self._newest) <= 2 * slots:
            self._zero = self.first - 1
            self._newest = np.zeros(slots, self.link_type)
            self._link(0, len(self))


def _resized(column: npt.NDArray[_Number], keep: slice, size: int) -> npt.NDArray[_Number]:
    found = np.empty(size, column.dtype)
    found[: keep.stop - keep.start] = column[keep]
    return found
