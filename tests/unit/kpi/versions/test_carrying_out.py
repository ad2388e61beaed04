"""A worker's process carries out what is wanted beside its own work, from log and archive, and says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from cityhub.bus.archive.columns import Refusal
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.whole_log import Log, WholeLog
from cityhub.bus.archive.writer import TopicWriter
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.kpi.activation import Activations
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof import taking_over
from cityhub.kpi.proof.taking_over import audit_version
from cityhub.kpi.store import schema
from cityhub.kpi.store.backfill import Audit
from cityhub.kpi.store.lease import Lease
from cityhub.kpi.values import State
from tests.unit.kpi.engine import JOB
from tests.unit.kpi.proof.week import Arrived
from tests.unit.kpi.versions.hub import Hub, alone, definitions, same_buckets


class CutLog:
    """The log as it is once its oldest records were removed."""

    def __init__(self, hub: Hub, begins: int = 0) -> None:
        self.hub, self.begins = hub, begins

    async def read(self, topic: str, part: int, first: int) -> Sequence[Arrived]:
        if first < self.begins:
            raise LogBroken(f"{topic}/{part} does not hold offset {first} any more")
        return self.hub.read(topic, part, first)


def activations(hub: Hub, source: Log, audit: Audit | None = None) -> Activations:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Log]:
        yield source

    return Activations(hub.database, hub.catalogue, JOB, opened, audit)


async def attempt(made: Activations) -> list[EventDict]:
    """What is logged."""
    with capture_logs() as logged:
        await made.attempt()
    return logged


def archive_of(hub: Hub, folder: Path) -> Archive:
    return Archive(storage_of(folder), hub.catalogue.contracts)


def archive_all(hub: Hub, folder: Path, begins: int = 0) -> Archive:
    """What was counted, with its verdicts."""
    row = schema.verdict.c
    for topic in sorted({topic for topic, _ in hub.logs}):
        writer = TopicWriter(storage_of(folder), topic, hub.catalogue.contracts.of_topic(topic))
        for at, log in hub.logs.items():
            if at[0] == topic and (records := log[begins : hub.applied[at]]):
                query = select(row.off, row.reason, row.detail).where(row.topic == topic, row.part == at[1])
                with hub.database.begin() as connection:
                    refusals = {off: Refusal(reason, detail) for off, reason, detail in connection.execute(query)}
                writer.add(at[1], records, refusals)
                writer.commit(0)
    return archive_of(hub, folder)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path, "M01", per_type=60)
    made.count(60)
    yield made
    made.database.close()


async def test_what_is_wanted_is_carried_out_once(hub: Hub) -> None:
    made = activations(hub, CutLog(hub))
    assert await attempt(made) == []
    hub.decide()
    told = [(one["event"], one["kpi"], one["version"], one["who"]) for one in await attempt(made)]
    assert told == [("activation_goes_on", "M01", 2, "Leitung"), ("version_counts", "M01", 2, "Leitung")]
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    assert await attempt(made) == []


async def test_what_the_log_does_not_hold_any_more_comes_from_the_archive(hub: Hub, tmp_path: Path) -> None:
    archive = archive_all(hub, tmp_path / "archive")
    audit = partial(audit_version, tmp_path / "store.db", str(tmp_path / "archive"), hub.catalogue.contracts)
    hub.decide()
    told = await attempt(activations(hub, WholeLog(CutLog(hub, begins=25), archive), audit))
    assert [one["event"] for one in told] == ["activation_goes_on", "version_counts"]
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


@pytest.mark.parametrize(
    ("archived_from", "words"),
    [
        (10, r"does not hold offset 0 any more, nor does the archive: .* holds \d+ of the records 0 to \d+"),
        (None, r"does not hold offset 0 any more, and the archive ends at -1: what cannot be read cannot be counted"),
    ],
)
async def test_what_neither_holds_refuses_the_version(
    hub: Hub, tmp_path: Path, archived_from: int | None, words: str
) -> None:
    folder = tmp_path / "archive"
    archive = archive_of(hub, folder) if archived_from is None else archive_all(hub, folder, archived_from)
    hub.decide()
    last = (await attempt(activations(hub, WholeLog(CutLog(hub, 25), archive))))[-1]
    refused = hub.decisions()[-1]
    assert (last["event"], last["error"]) == ("activation_refused", refused.detail)
    assert refused.state is State.REFUSED
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(refused.detail)


async def test_it_waits_for_an_archive_that_is_behind(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_over, "_LOOK_S", 0)

    def audit(plan: Plan, vector: Mapping[tuple[str, int], int]) -> list[str]:
        if "waits for the archive" in hub.decisions()[-1].detail:
            archive_all(hub, tmp_path / "archive")
        return audit_version(tmp_path / "store.db", str(tmp_path / "archive"), hub.catalogue.contracts, plan, vector)

    hub.decide()
    await attempt(activations(hub, CutLog(hub), audit))
    assert hub.states() == [State.INITIAL, State.ACTIVE]


async def test_another_process_that_is_at_it_is_left_alone(hub: Hub) -> None:
    hub.decide()
    assert Lease(hub.database, "activation").acquire("another", 0)
    assert await attempt(activations(hub, CutLog(hub))) == []
    assert hub.states()[-1] is State.WANTED


async def test_a_version_that_this_process_has_no_file_of_is_left_to_others(hub: Hub, tmp_path: Path) -> None:
    hub.decide()
    made = activations(hub, CutLog(hub))
    made._catalogue = definitions(tmp_path / "only", "M01", [1])
    (told,) = await attempt(made)
    assert (told["event"], told["error"]) == ("activation_of_unknown_version", "no version 2 of M01; known: 1")
    assert await attempt(made) == []  # once is enough
    assert hub.states()[-1] is State.WANTED


@pytest.mark.parametrize(
    ("error", "event"),
    [(BusUnavailable("no broker"), "activation_deferred"), (ZeroDivisionError("nobody knew"), "activation_failed")],
)
async def test_trouble_is_told_once_and_tried_again(hub: Hub, error: Exception, event: str) -> None:
    class Troubled(CutLog):
        trouble: Exception | None = error

        async def read(self, topic: str, part: int, first: int) -> Sequence[Arrived]:
            if self.trouble is not None and first > 0:
                raise self.trouble
            return await super().read(topic, part, first)

    hub.decide()
    source = Troubled(hub)
    made = activations(hub, source)
    told = await attempt(made)
    assert [(one["event"], one.get("error")) for one in told][1:] == [(event, str(error))]
    assert [one["event"] for one in await attempt(made)] == ["activation_goes_on"]
    source.trouble = None
    assert [one["event"] for one in await attempt(made)][-1] == "version_counts"


async def test_a_worker_that_ends_leaves_the_rest_to_the_next(hub: Hub) -> None:
    stop = asyncio.Event()

    class Ending(CutLog):
        async def read(self, topic: str, part: int, first: int) -> Sequence[Arrived]:
            stop.set()
            return await super().read(topic, part, first)

    hub.batch = 5
    hub.decide()
    await activations(hub, Ending(hub)).run(stop)
    assert hub.states()[-1] is State.WANTED
    assert (hub.decisions()[-1].done or 0) < 1
    for _ in hub.backfill(hub.decisions()[-1]):
        pass
    assert hub.states()[-1] is State.ACTIVE
