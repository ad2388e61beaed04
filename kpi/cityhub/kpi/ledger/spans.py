"""Sets of numbers that are nearly all there, as ranges: a set without holes is one pair, however large."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np


class Spans:
    """A set of integers ≥ 0 as half-open ranges, which grows.

    Args:
        encoded: as `encoded` gave it.
    """

    def __init__(self, encoded: bytes = b"") -> None:
        pairs = np.frombuffer(encoded, "<i8").reshape(-1, 2)
        self._starts: list[int] = pairs[:, 0].tolist()
        self._ends: list[int] = pairs[:, 1].tolist()

    def __len__(self) -> int:
        """Number of ranges."""
        return len(self._starts)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number < self._ends[at]

    def add(self, number: int) -> bool:
        """Put a number in; whether it is new."""
        at = bisect_right(self._starts, number)  # of the first range that begins after it
        if at and number < self._ends[at - 1]:
            return False
        joins_left = at > 0 and self._ends[at - 1] == number
        joins_right = at < len(self._starts) and self._starts[at] == number + 1
        if joins_left and joins_right:
            self._ends[at - 1] = self._ends.pop(at)
            del self._starts[at]
        elif joins_left:
            self._ends[at - 1] = number + 1
        elif joins_right:
            self._starts[at] = number
        else:
            self._starts.insert(at, number)
            self._ends.insert(at, number + 1)
        return True

    @property
    def end(self) -> int:
        """One more than the largest number, 0 = none."""
        return self._ends[-1] if self._ends else 0

    def missing(self, below: int) -> Iterator[tuple[int, int]]:
        """Ranges of numbers below a limit that are not in the set."""
        expected = 0
        for start, end in zip(self._starts, self._ends, strict=True):
            if expected >= below:
                return
            if start > expected:
                yield expected, min(start, below)
            expected = end
        if expected < below:
            yield expected, below

    def encoded(self) -> bytes:
        """Eight bytes for each edge."""
        return np.array([self._starts, self._ends], "<i8").T.tobytes()
