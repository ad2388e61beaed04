"""Upkeep changes files and nothing of what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from cityhub.bus.archive import upkeep
from cityhub.bus.archive.chain import CHECKPOINT_EVERY, Chain
from cityhub.bus.archive.check import check
from cityhub.bus.archive.columns import DAY_MS, Refusal
from cityhub.bus.archive.storage import Folder
from cityhub.bus.archive.upkeep import Upkeep, compact, retain, vacuum
from cityhub.bus.errors import ArchiveMissing
from tests.unit.bus.archive.world import CONTRACTS, LEVEL, MORNING, TOPIC, archive, event_bytes, log_of, writer

NOW_MS = int(MORNING.timestamp() * 1000)
TOMORROW_MS = NOW_MS + DAY_MS


def fill(folder: Path, commits: int, per_commit: int = 5) -> None:
    """A stretch of one partition in many commits; every seventh record was refused."""
    made = writer(folder)
    values = [event_bytes(number) for number in range(commits * per_commit)]
    refusals = {number: Refusal("contract", "…") for number in range(0, len(values), 7)}
    log = log_of(values)
    for first in range(0, len(log), per_commit):
        made.add(0, log[first : first + per_commit], refusals)
        made.commit(NOW_MS)


def rows(folder: Path) -> pl.DataFrame:
    return archive(folder).frame(LEVEL).sort("part", "off")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob("*/20*/*"))


def test_many_files_of_a_day_become_one_with_the_same_rows(tmp_path: Path) -> None:
    fill(tmp_path, 17)
    before = rows(tmp_path)
    state = compact(Folder(tmp_path), Chain(Folder(tmp_path), TOPIC).state(), NOW_MS, over=False)
    (file,) = state.files.values()
    assert file.rows == 85
    assert file.refused == 13
    assert rows(tmp_path).equals(before)
    assert check(Folder(tmp_path), CONTRACTS) == []


def test_a_few_files_are_merged_when_their_day_is_over(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    storage = Folder(tmp_path)
    state = Chain(storage, TOPIC).state()
    assert compact(storage, state, NOW_MS, over=True) == state
    assert compact(storage, state, TOMORROW_MS, over=False) == state
    assert len(compact(storage, state, TOMORROW_MS, over=True).files) == 1


def test_merged_files_stay_small_enough_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SMALL_ROWS", 11)
    monkeypatch.setattr(upkeep, "MERGED_ROWS", 12)
    fill(tmp_path, 8)
    before = rows(tmp_path)
    state = compact(Folder(tmp_path), Chain(Folder(tmp_path), TOPIC).state(), TOMORROW_MS, over=True)
    assert sorted(file.rows for file in state.files.values()) == [10, 10, 10, 10]
    assert rows(tmp_path).equals(before)


def test_old_days_are_let_go_whole_and_the_rest_still_adds_up(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    made = writer(tmp_path)
    made.add(0, log_of([event_bytes(number) for number in range(10, 12)], first=10), {})
    made.commit(NOW_MS)
    storage = Folder(tmp_path)
    state = retain(storage, made.state, 2, NOW_MS + 3 * DAY_MS)
    assert state.files == {}
    assert (state.kept_from, state.gone) == ("2026-03-29", {0: 12})
    assert check(storage, CONTRACTS) == []
    with pytest.raises(ArchiveMissing, match="days before 2026-03-29 were let go"):
        archive(tmp_path).frame(LEVEL)


def test_readers_keep_what_was_removed_for_a_day(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    storage = Folder(tmp_path)
    old = files(tmp_path)
    compact(storage, Chain(storage, TOPIC).state(), TOMORROW_MS, over=True)
    assert vacuum(storage, TOPIC, TOMORROW_MS + DAY_MS - 1) == 0
    assert set(old) < set(files(tmp_path))
    assert check(storage, CONTRACTS) == []
    assert vacuum(storage, TOPIC, TOMORROW_MS + DAY_MS) == 3
    assert len(files(tmp_path)) == 1


def test_what_a_killed_archiver_left_goes_and_what_one_may_be_writing_stays(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    folder = tmp_path / TOPIC / "2026-03-28"
    left, coming, foreign = (
        folder / f"{LEVEL}.{name}.parquet" for name in ("000000000001.0badcafe", "000000000002.0badcafe", "copy")
    )
    for path in (left, coming, foreign):
        path.write_bytes(b"x")
    vacuum(Folder(tmp_path), TOPIC, NOW_MS)
    assert [path.exists() for path in (left, coming, foreign)] == [False, True, True]


def test_commits_that_are_summed_up_go_after_a_day(tmp_path: Path) -> None:
    fill(tmp_path, 2 * CHECKPOINT_EVERY + 3, per_commit=1)
    storage = Folder(tmp_path)
    before = Chain(storage, TOPIC).whole()
    vacuum(storage, TOPIC, NOW_MS)
    assert len(Chain(storage, TOPIC).commits()) == 2 * CHECKPOINT_EVERY + 3
    vacuum(storage, TOPIC, TOMORROW_MS + 1)
    assert [commit.number for commit in Chain(storage, TOPIC).commits()] == list(range(50, 103))
    assert Chain(storage, TOPIC).whole() == Chain(storage, TOPIC).state() == before
    assert check(storage, CONTRACTS) == []


def test_the_archiver_calls_for_everything_once_a_day(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    storage = Folder(tmp_path)
    keep = Upkeep(storage, keep_days=30)
    assert not keep(Chain(storage, TOPIC).state(), NOW_MS)
    assert keep(Chain(storage, TOPIC).state(), TOMORROW_MS)
    assert keep(Chain(storage, TOPIC).state(), NOW_MS + 32 * DAY_MS)
    assert Chain(storage, TOPIC).state().files == {}
    assert not keep(Chain(storage, TOPIC).state(), NOW_MS + 34 * DAY_MS)
    assert files(tmp_path) == []


@pytest.fixture(autouse=True)
def _nothing_is_unfinished(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.glob("**/.unfinished*"))
