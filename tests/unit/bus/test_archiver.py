"""The archiver's decisions, over a log in memory: where it begins, when it refuses, what it does after trouble."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import polars as pl
import pytest

from cityhub.bus.archive.chain import Chain, State
from cityhub.bus.archive.columns import Refusal
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.storage import Folder, Storage
from cityhub.bus.archiver import TURN_RECORDS, Archiver, Judged
from cityhub.bus.errors import ArchiveDamaged, ArchiveError, BusUnavailable, LogBroken
from tests.unit.bus.archive.world import CONTRACTS, LEVEL, TOPIC, Record, archive, event_bytes, log_of, writer

EVENTS = log_of([event_bytes(number) for number in range(50)])


class Broker:
    """A log and a store in one, which a test changes. `away` is raised once by whoever is asked next."""

    def __init__(self, records: dict[int, list[Record]], reached: dict[int, int]) -> None:
        self.records = records
        self.reached = reached
        self.away: list[Exception] = []
        self.opened = 0
        self._left: dict[int, list[Record]] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Broker]:
        self.opened += 1
        yield self

    async def bounds(self, _: str, parts: Iterable[int]) -> dict[int, tuple[int, int]]:
        return {part: (self.records[part][0].offset, self.records[part][-1].offset + 1) for part in parts}

    def begin(self, _: str, wanted: Mapping[int, tuple[int, int]]) -> None:
        self._left = {
            part: [record for record in self.records[part] if first <= record.offset <= last]
            for part, (first, last) in wanted.items()
        }

    async def some(self) -> dict[int, list[Record]]:
        """Seven at a time."""
        if self.away:
            raise self.away.pop()
        found = {part: records[:7] for part, records in self._left.items() if records}
        self._left = {part: records[7:] for part, records in self._left.items()}
        return found

    async def judged(self, _: str, ends: Mapping[int, int], limit: int) -> Judged:
        assert limit == TURN_RECORDS
        refusals = {part: {part + 3: Refusal("contract", "…")} for part in ends}
        return Judged(self.reached, refusals)


async def run(
    broker: Broker, storage: Storage, until: Callable[[Round], bool] = lambda _: True, alone: list[bool] | None = None
) -> list[Round]:
    """Archive until a turn satisfies; the turns."""
    stop, turns = asyncio.Event(), list[Round]()

    def tell(told: Round) -> None:
        turns.append(told)
        if until(told):
            stop.set()

    def upkeep(_: State, __: int) -> bool:
        return False

    archiver = Archiver(
        broker.open,
        storage,
        CONTRACTS,
        broker,
        alone=lambda: nullcontext(alone.pop() if alone else True),
        upkeep=upkeep,
        tell=tell,
        every_s=0.001,
    )
    await asyncio.wait_for(archiver.run(stop), 60)
    return turns


def offsets(folder: Path, part: int) -> list[int]:
    state = archive(folder).state(TOPIC)
    pieces = archive(folder).records(TOPIC, part, state.starts[part], state.ends[part].last)
    return [record.offset for records, _ in pieces for record in records]


async def test_what_is_not_judged_is_not_archived(tmp_path: Path) -> None:
    broker = Broker({0: EVENTS, 1: EVENTS, 2: EVENTS}, {0: 30, 1: 7, 2: -1})
    (told,) = await run(broker, Folder(tmp_path))
    assert (offsets(tmp_path, 0), offsets(tmp_path, 1)) == (list(range(31)), list(range(8)))
    assert 2 not in archive(tmp_path).state(TOPIC).ends
    assert (told.behind, told.trouble) == ({}, {})
    assert told.committed_ms > 0
    assert archive(tmp_path).frame(LEVEL).filter(pl.col("reason").is_not_null()).sort("off")["off"].to_list() == [3, 4]


async def test_a_topic_whose_retention_has_begun_starts_where_the_log_does(tmp_path: Path) -> None:
    broker = Broker({0: EVENTS[20:]}, {0: 40})
    await run(broker, Folder(tmp_path))
    assert offsets(tmp_path, 0) == list(range(20, 41))
    broker.reached = {0: 49}
    await run(broker, Folder(tmp_path))
    assert offsets(tmp_path, 0) == list(range(20, 50))


async def test_a_large_backlog_is_archived_turn_by_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.bus.archiver.TURN_RECORDS", 20)
    monkeypatch.setattr("tests.unit.bus.test_archiver.TURN_RECORDS", 20)
    monkeypatch.setattr("cityhub.bus.archiver.COMMIT_RECORDS", 10)
    broker = Broker({0: EVENTS}, {0: 49})
    turns = await run(broker, Folder(tmp_path), lambda told: not told.behind)
    assert [told.behind for told in turns] == [{TOPIC: 30}, {TOPIC: 10}, {}]
    assert Chain(Folder(tmp_path), TOPIC).state().number == 4
    assert offsets(tmp_path, 0) == list(range(50))


@pytest.mark.parametrize("error", [BusUnavailable("away"), ArchiveError("away")])
async def test_what_is_away_is_waited_for_and_nothing_is_lost(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.bus.archiver._RETRY_S", 0.001)
    broker = Broker({0: EVENTS}, {0: 49})
    broker.away = [error, error]
    await run(broker, Folder(tmp_path))
    assert broker.opened == 3
    assert offsets(tmp_path, 0) == list(range(50))


async def test_while_another_one_has_the_lease_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.bus.archiver._RETRY_S", 0.001)
    alone = [True, False, False]
    turns = await run(Broker({0: EVENTS}, {0: 49}), Folder(tmp_path), alone=alone)
    assert (len(turns), alone) == (1, [])


async def test_who_was_overtaken_goes_on_where_the_other_one_ended(tmp_path: Path) -> None:
    class Overtaken(Folder):
        """Another archiver is faster once."""

        def create(self, path: str, content: bytes) -> None:
            if not list(tmp_path.glob("*/log/*")):
                other = writer(tmp_path)
                other.add(0, EVENTS[:11], {})
                other.commit(0)
            super().create(path, content)

    turns = await run(Broker({0: EVENTS}, {0: 49}), Overtaken(tmp_path), lambda told: not told.behind)
    assert [told.behind for told in turns] == [{TOPIC: 39}, {}]
    assert offsets(tmp_path, 0) == list(range(50))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (
            EVENTS[45:],
            f"{TOPIC}/0: the log begins at offset 45, the archive ends at 39: records 40 to 44 are lost to it",
        ),
        (EVENTS[:30], f"{TOPIC}/0: the log ends at offset 29, the archive at 39: the topic was recreated or cut"),
        (
            log_of([event_bytes(number) for number in range(100, 150)]),
            f"{TOPIC}/0 holds another record at offset 39 than was archived: the topic was recreated",
        ),
    ],
    ids=["retention", "cut", "recreated"],
)
async def test_a_log_that_is_not_the_archived_one_is_refused(tmp_path: Path, log: list[Record], words: str) -> None:
    await run(Broker({0: EVENTS}, {0: 39}), Folder(tmp_path))
    turns = list[Round]()
    with pytest.raises(LogBroken, match=f"^{re.escape(words)}; restore the topic, or move the topic's archive away"):
        await run(Broker({0: log}, {0: 49}), Folder(tmp_path), lambda told: bool(turns.append(told)))
    assert [told.trouble[TOPIC].startswith(words) for told in turns] == [True]
    assert offsets(tmp_path, 0) == list(range(40))


async def test_a_log_cut_right_behind_the_archive_is_gone_on_with(tmp_path: Path) -> None:
    await run(Broker({0: EVENTS}, {0: 39}), Folder(tmp_path))
    await run(Broker({0: EVENTS[40:]}, {0: 49}), Folder(tmp_path))
    assert offsets(tmp_path, 0) == list(range(50))


async def test_a_damaged_archive_ends_the_process(tmp_path: Path) -> None:
    await run(Broker({0: EVENTS}, {0: 39}), Folder(tmp_path))
    commit = tmp_path / TOPIC / "log" / "000000000000.json"
    commit.write_bytes(commit.read_bytes()[:-1])
    with pytest.raises(ArchiveDamaged, match=r"000000000000\.json was changed or cut"):
        await run(Broker({0: EVENTS}, {0: 49}), Folder(tmp_path))
