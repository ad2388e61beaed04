"""Sets of numbers as ranges, against Python's sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.ledger.spans import Spans


@given(st.lists(st.integers(0, 40)), st.integers(0, 45))
def test_it_is_a_set(numbers: list[int], below: int) -> None:
    spans, model = Spans(), set[int]()
    for number in numbers:
        assert spans.add(number) == (number not in model)
        model.add(number)
        spans = Spans(spans.encoded())
    assert [number in spans for number in range(46)] == [number in model for number in range(46)]
    missing = [number for start, end in spans.missing(below) for number in range(start, end)]
    assert missing == sorted(set(range(below)) - model)
    assert spans.end == max(model, default=-1) + 1
    edges = {number for number in model if number + 1 not in model}
    assert len(spans.encoded()) == 16 * len(edges)
