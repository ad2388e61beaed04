"""What holds for every class of cell and any events: the set decides, the oracle agrees, forgetting changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cells import Observation
from tests.unit.kpi.cells.world import DAY_MS, SAMPLES, Sample, binned, events, named, observations, plain, times, total

every_class = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


def batches(draw: st.DrawFn, items: list[Observation]) -> list[list[Observation]]:
    """The same in another order, cut anywhere."""
    shuffled = draw(st.permutations(items))
    cuts = sorted(draw(st.sets(st.integers(1, len(items)), max_size=4)) - {len(items)})
    return [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True)]


@every_class
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_order_and_batching_give_the_same_bytes_and_sums(sample: Sample, data: st.DataObject) -> None:
    items = observations(sample, data.draw(events(sample, entities="a")))
    whole = sample.kind.merge(None, items)
    state: bytes | None = None
    sums = Deltas(sample.kind.width)
    for batch in data.draw(st.composite(batches)(items)):
        before = sample.kind.contributions(state)
        change = sample.kind.change(state, batch)
        after = sample.kind.contributions(change.state)
        assert change.state == sample.kind.merge(state, batch)
        after.merge(before, -1)
        assert plain(change.deltas) == plain(after.settled())
        sums.merge(change.deltas)
        state = change.state
    assert state == whole
    assert plain(sums.settled()) == plain(sample.kind.contributions(whole))


@every_class
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cells_give_what_the_meaning_says(sample: Sample, data: st.DataObject) -> None:
    found = data.draw(events(sample))
    meaning, deltas = sample.meaning(found), total(sample, found)
    assert named(deltas, sample.slots) == meaning.settled()
    assert deltas.bins == binned(meaning)


@every_class
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_forgotten_could_not_have_mattered(sample: Sample, data: st.DataObject) -> None:
    items = observations(sample, data.draw(events(sample, entities="a")))
    cut = data.draw(times())
    late = [item for item in items if item.t >= cut and data.draw(st.booleans())]
    early = [item for item in items if item not in late]
    if not early or not late:
        return
    state = sample.kind.merge(None, early)
    trimmed = sample.kind.trim(state, cut)
    assert len(trimmed) <= len(state) + 9
    assert plain(sample.kind.change(trimmed, late).deltas) == plain(sample.kind.change(state, late).deltas)
    assert sample.kind.trim(trimmed, cut) == trimmed


@every_class
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_run_that_forgets_adds_up_to_the_whole(sample: Sample, data: st.DataObject) -> None:
    """Batches come in roughly the order of time; each is merged with what is at most a day older than the newest."""
    items = sorted(observations(sample, data.draw(events(sample, entities="a"))), key=lambda item: item.t)
    state: bytes | None = None
    floor = items[0].t
    taken: list[Observation] = []
    sums = Deltas(sample.kind.width)
    for batch in data.draw(st.composite(batches)(items)):
        fresh = [item for item in batch if item.t >= floor]
        if not fresh:
            continue
        taken += fresh
        floor = max(floor, max(item.t for item in fresh) - DAY_MS)
        state, deltas, _ = sample.kind.change(state, fresh, floor)
        sums.merge(deltas)
    assert plain(sums.settled()) == plain(sample.kind.contributions(sample.kind.merge(None, taken)))
