"""For any sequence of faults every event ends accepted, refused, or still in the spool."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityhub.sdk.client.session import Patience
from cityhub.sdk.client.spool import Spool
from cityhub.sdk.errors import Undelivered
from tests.unit.adapters.doors.world import event
from tests.unit.sdk.client.local_hub import UNWRITTEN, WRITTEN, LocalHub, Time, publisher

FAULTS = st.lists(st.sampled_from(["", "", *UNWRITTEN, *WRITTEN]), max_size=12)
FILLS = st.lists(st.sampled_from([0.25, 7]), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS, token_faults=st.lists(st.sampled_from(["", "drop", "503"]), max_size=3), fills=FILLS)
def test_no_event_is_lost(hub: LocalHub, faults: list[str], token_faults: list[str], fills: list[float]) -> None:
    _begin(hub, faults, token_faults)
    events = [event(number, fill=fill) for number, fill in enumerate(fills)]
    time = Time()
    with (
        tempfile.TemporaryDirectory() as folder,
        Spool(Path(folder) / "spool.db") as spool,
        publisher(hub, time, patience=Patience(deadline_s=20)) as sender,
    ):
        for one in events:
            spool.put(one)
        for _ in range(20):
            written, left = _look(hub, spool)
            assert {one.id for one in events} == written | left
            if spool.holding().waiting == 0:
                break
            try:
                spool.drain(sender)
            except Undelivered:
                continue
        else:
            pytest.fail("faults have ended, the spool has not")
        refused = {number for number, fill in enumerate(fills) if fill > 1}
        assert {one.number for one in spool.refused()} >= refused
        assert {event(number).id for number in range(len(fills)) if number not in refused} <= set(hub.written()) | {
            str(one.result.id) for one in spool.refused() if one.result.reason == "size"
        }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS, fills=FILLS)
def test_a_publisher_never_says_more_than_is_so(hub: LocalHub, faults: list[str], fills: list[float]) -> None:
    _begin(hub, faults, [])
    events = [event(number, fill=fill) for number, fill in enumerate(fills)]
    with publisher(hub, Time(), validate=False, patience=Patience(deadline_s=20)) as sender:
        try:
            results = sender.publish(events)
            assert "unknown" not in {one.status for one in results}
        except Undelivered as error:
            results = list(error.results)
            assert "unknown" in {one.status for one in results}
    assert [one.id for one in results] == [one.id for one in events]
    assert {one.id for one in results if one.status == "accepted"} <= set(hub.written())


def _begin(hub: LocalHub, faults: list[str], token_faults: list[str]) -> None:
    hub.world.broker.topics.clear()
    for queue, said in ((hub.faults, faults), (hub.token_faults, token_faults)):
        queue.clear()
        queue.extend(said)


def _look(hub: LocalHub, spool: Spool) -> tuple[set[str], set[str]]:
    """Ids that the broker has, and ids that the spool has, waiting or refused."""
    waiting = {str(row[0]) for row in spool._db.execute("SELECT id FROM waiting")}
    return set(hub.written()), waiting | {one.result.id for one in spool.refused()}
