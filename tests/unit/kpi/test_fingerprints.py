"""Fingerprints: none is ever missed, forgetting and growing change no answer, memory stays small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.fingerprints import Fingerprints

Pairs = list[tuple[int, int]]
BATCHES = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), max_size=200), st.integers(0, 250)),
    max_size=12,
)


def words(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, np.uint64)


def found(known: Fingerprints, asked: list[int]) -> Pairs:
    """(query, position), sorted."""
    hits = known.find(words(asked))
    return sorted(zip(hits.queries.tolist(), hits.positions.tolist(), strict=True))


def expected(entries: Pairs, first: int, asked: list[int]) -> Iterator[tuple[int, int]]:
    for query, value in enumerate(asked):
        yield from ((query, at) for at, (held, _) in enumerate(entries) if at >= first and held == value)


@pytest.mark.parametrize("spread", [1, 1 << 40, 0x9E3779B97F4A7C15], ids=["dense", "one-slot", "uniform"])
def test_every_entry_is_found_and_no_other(spread: int) -> None:
    """Also when all fall into one slot."""

    @settings(max_examples=60, deadline=None)
    @given(BATCHES)
    def check(batches: list[tuple[Pairs, int]]) -> None:
        known, entries, first = Fingerprints(), [], 0
        for batch, forgotten in batches:
            pairs = [((value * spread) % (1 << 64), tag) for value, tag in batch * 20]
            known.add(words([value for value, _ in pairs]), words([tag for _, tag in pairs]))
            entries += pairs
            known.forget(forgotten)
            first = min(first + forgotten, len(entries))
            asked = [(value * spread) % (1 << 64) for value in range(0, 301, 7)]
            assert found(known, asked) == sorted(expected(entries, first, asked))
            assert len(known) == len(entries) - first
            known_tags = known.tags(np.arange(first, len(entries)))
            assert known_tags.tolist() == [tag for _, tag in entries[first:]]

    check()


def test_links_that_run_out_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 16 bits instead of 32; 160 000 entries pass through, 20 000 at a time."""
    monkeypatch.setattr(Fingerprints, "link_type", np.uint16)
    random = np.random.default_rng(5)
    known, entries = Fingerprints(), np.empty(0, np.uint64)
    for _ in range(80):
        batch = random.integers(0, 1 << 64, 2_000, np.uint64)
        known.add(batch, batch)
        entries = np.concatenate([entries, batch])
        known.forget(max(len(known) - 20_000, 0))
        assert found(known, entries[-20_000:].tolist()) == list(enumerate(range(known.first, known.end)))
        assert found(known, entries[-40_000:-20_000].tolist()) == []
    assert known.end == 160_000


def test_memory_stays_small_while_it_grows_and_when_the_old_is_forgotten() -> None:
    random = np.random.default_rng(7)
    known, most = Fingerprints(), 0.0
    for number in range(500):
        batch = random.integers(0, 1 << 64, 2_000, np.uint64)
        known.add(batch, batch)
        if number >= 250:
            known.forget(2_000)
        if number >= 50:
            most = max(most, known.memory_bytes / len(known))
    assert most <= 30
    assert len(known) == 500_000


def test_room_is_given_back() -> None:
    known = Fingerprints()
    known.add(words(list(range(200_000))), words([0] * 200_000))
    known.forget(199_000)
    for start in range(0, 60_000, 1_000):
        known.add(words(list(range(start, start + 1_000))), words([0] * 1_000))
        known.forget(1_000)
    assert known.memory_bytes < 200_000
    assert found(known, [59_500, 58_500]) == [(0, 259_500)]


def test_an_empty_question_and_an_empty_batch() -> None:
    known = Fingerprints()
    known.add(words([]), words([]))
    assert found(known, []) == []
    assert found(known, [0]) == []
