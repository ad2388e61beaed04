"""How old data are, whether that was promised, and what is known at night and behind a stopped engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cityhub.dashboard.freshness import as_of, freshness_of
from cityhub.kpi.definition import load_catalogue
from tests.unit.dashboard.world import NOW, feed, stream

M01 = load_catalogue()["M01"]


@pytest.mark.parametrize(("age_s", "overdue"), [(5, False), (90, False), (91, True), (7_200, True)])
def test_overdue_from_the_third_missing_delivery(age_s: int, overdue: bool) -> None:
    moment = NOW - timedelta(seconds=age_s)
    state = freshness_of(M01, [stream(NOW)], [feed(NOW, checkpoint_at=moment)], NOW)
    assert state.as_of == moment
    assert state.overdue_since == (moment + timedelta(seconds=30) if overdue else None)


def test_at_night_the_partner_says_that_nothing_departs() -> None:
    quiet = stream(NOW, newest_append=NOW - timedelta(hours=3))
    assert freshness_of(M01, [quiet], [feed(NOW)], NOW).overdue_since is None


def test_behind_a_stopped_engine_fresh_deliveries_do_not_count() -> None:
    behind = stream(NOW, records=19_000, newest_append=NOW - timedelta(hours=1))
    assert as_of(behind, feed(NOW)) == NOW - timedelta(hours=1)
    assert as_of(behind, feed(NOW, waiting=1_000)) == NOW - timedelta(seconds=5)


def test_without_an_adapter_the_newest_arrival_counts() -> None:
    assert freshness_of(M01, [stream(NOW)], [], NOW).as_of == NOW - timedelta(seconds=8)


def test_before_the_first_data_nothing_is_overdue() -> None:
    state = freshness_of(M01, [], [], NOW)
    assert (state.partner, state.as_of, state.overdue_since, state.every_s) == ("dvv", None, None, 30)
