"""A seed replays a campaign: the same records, the same faults."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.faults.schedule import Kind, schedule
from tests.integration.faults.traffic import POISON, Traffic, range_of

END_S = 1_795_000_000


def traffic(seed: int) -> Traffic:
    return Traffic(seed=seed, total=20_000, end_s=END_S)


def test_a_seed_fixes_the_records() -> None:
    one, again, other = (range_of(traffic(seed), 500, 800) for seed in (7, 7, 8))
    assert one == again
    assert not {item.id for item in one} & {item.id for item in other}


def test_the_traffic_has_what_goes_wrong_at_partners() -> None:
    intents = Counter(item.intent for item in range_of(traffic(7), 0, 20_000))
    assert intents["repeat"] == pytest.approx(1_000, rel=0.1)
    assert intents["out-of-order"] == pytest.approx(2_000, rel=0.1)
    assert intents["late"] == pytest.approx(200, rel=0.3)
    assert sum(intents[kind] for kind in (*POISON, "id-reuse")) == pytest.approx(20, abs=15)


def test_a_seed_fixes_the_faults_and_every_kind_strikes_first() -> None:
    faults = schedule(7, 60, set(Kind), 20.0)
    assert faults == schedule(7, 60, set(Kind), 20.0)
    assert faults != schedule(8, 60, set(Kind), 20.0)
    assert {fault.kind for fault in faults[: len(Kind)]} == set(Kind)
    assert max(fault.seconds for fault in faults if fault.kind is Kind.STOP_WORKER) > 12, "longer than the session"
