"""Nothing comes of a version that cannot be counted, read or proved: it says why, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.effect import Effect, Evaluator
from cityhub.kpi.kernel.record import Row
from cityhub.kpi.store import schema
from cityhub.kpi.store.backfill import NotYet, Refused
from cityhub.kpi.store.tenure import LeaseLost
from cityhub.kpi.values import State
from tests.unit.kpi.proof.week import Arrived
from tests.unit.kpi.versions.hub import Hub

TOPIC = "du.evt.dvv.transit.v1"


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path, "M01", per_type=40)
    made.count(30)
    made.publish()
    return made


def refused(hub: Hub, words: str, **how: Any) -> None:
    """The activation is refused with these words, nothing live has changed, and the version has left nothing behind."""
    live = hub.payloads(1), hub.rows(1)
    with pytest.raises(Refused, match=words):
        for _ in hub.backfill(hub.decide(), **how):
            pass
    last = hub.decisions()[-1]
    assert last.state is State.REFUSED
    assert last.version == 2
    assert (hub.payloads(1), hub.rows(1)) == live
    assert hub.rows(2) == {}
    hub.count(10_000)
    hub.publish()
    assert hub.values(1).keys() >= live[0].keys()
    assert not hub.values(2)


def test_an_event_that_it_cannot_bear(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Evaluator._effect
    unbearable = hub.logs[TOPIC, 0][17].offset

    def effect(self: Evaluator, rows: Sequence[Row]) -> Effect:
        if self.plans[0].definition.version == 2 and any(row.record.offset == unbearable for row in rows):
            raise OverflowError("more than a bucket holds")
        return counted(self, rows)

    monkeypatch.setattr(Evaluator, "_effect", effect)
    refused(
        hub,
        rf"{TOPIC}/\d offset {unbearable}, which is counted live, cannot be counted by this version: "
        r"OverflowError\('more than a bucket holds'\). Correct the definition and activate it again",
    )
    assert "OverflowError" in hub.decisions()[-1].detail


def test_a_record_that_was_counted_and_cannot_be_read_any_more(hub: Hub) -> None:
    with hub.database.begin() as connection:
        connection.execute(delete(schema.verdict))  # as if the contracts had accepted it then
    refused(hub, rf"{TOPIC}/\d offset \d+, which is counted live, cannot be counted by this version: \w+: ")


def test_an_audit_that_disagrees(hub: Hub) -> None:
    refused(
        hub, "the audit disagrees: n of STB01 differs; and more", audit=lambda *_: ["n of STB01 differs", "and more"]
    )


def test_a_log_that_was_cut(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(topic: str, part: int, first: int) -> Sequence[Arrived]:
        raise Refused(f"{topic}/{part} does not hold offset {first} any more")

    monkeypatch.setattr(hub, "read", read)
    refused(hub, rf"{TOPIC}/\d does not hold offset 0 any more")


def test_a_log_with_a_hole(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "read", lambda topic, part, first: hub.logs[topic, part][first + 1 : first + 40])
    refused(hub, r"the store stands at offset -1, the log goes on at 1")


def test_a_file_that_was_changed_since_it_was_decided_on(hub: Hub) -> None:
    hub.decide()
    with hub.database.begin() as connection:
        connection.execute(update(schema.decision).where(schema.decision.c.number == 2).values(hash="f" * 64))
    with pytest.raises(Refused, match=r"version 2 means something else now .* than when it was decided on"):
        list(hub.backfill(hub.decisions()[-1]))
    assert hub.states() == [State.INITIAL, State.REFUSED]


def test_what_the_audit_waits_for_is_told_and_nothing_moves_on(hub: Hub) -> None:
    asked: list[dict[tuple[str, int], int]] = []

    def audit(_: object, vector: Any) -> list[str]:
        asked.append(dict(vector))
        if len(asked) < 4:
            raise NotYet("the archive ends at 7")
        return []

    seen: list[str] = []
    for _ in hub.backfill(hub.decide(), audit=audit):
        hub.count(2)
        seen.append(hub.decisions()[-1].detail)
    assert seen.count("the archive ends at 7") >= 3
    assert asked == [asked[0]] * 4  # what was counted stands still, while the live job goes on
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    assert hub.decisions()[-1].detail == ""


def test_who_has_lost_the_lease_changes_nothing_at_whatever_step(hub: Hub) -> None:
    decision = hub.decide()
    for allowed in count():
        left = iter(range(allowed))

        def fence(_: object, left: Any = left) -> None:
            if next(left, None) is None:
                raise LeaseLost("another process has it")

        try:
            list(hub.backfill(decision, fence=fence))
        except LeaseLost:
            assert hub.states() == [State.INITIAL, State.WANTED]
        else:
            break
    assert allowed > 2
    assert hub.states() == [State.INITIAL, State.ACTIVE]


def test_who_comes_after_the_hand_over_changes_nothing(hub: Hub) -> None:
    decision = hub.decide()
    late = hub.backfill(decision, audit=lambda *_: ["too late"])
    next(late)
    for _ in hub.backfill(decision):
        pass
    counted = hub.rows(2)
    with pytest.raises(LeaseLost, match="the version counts: another process has handed over"):
        list(late)
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    assert hub.rows(2) == counted


def test_a_version_whose_topic_nobody_reads_yet_waits(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "W01", per_type=10)
    topic = "du.evt.city.application.v1"
    with hub.database.begin() as connection:
        assert connection.execute(delete(schema.cursor).where(schema.cursor.c.topic == topic)).rowcount
    with pytest.raises(StoreUnavailable, match=r"no worker has joined du\.evt\.city\.application\.v1 yet; start one"):
        list(hub.backfill(hub.decide()))
    assert hub.states()[-1] is State.WANTED
