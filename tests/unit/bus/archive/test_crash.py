"""An archiver, or an upkeep, that dies anywhere: each record is there once, and nothing is left after a vacuum."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from pyarrow import fs

from cityhub.bus.archive.chain import Chain
from cityhub.bus.archive.check import check
from cityhub.bus.archive.columns import DAY_MS
from cityhub.bus.archive.erasure import Erasure
from cityhub.bus.archive.storage import Folder, ObjectStore, Storage
from cityhub.bus.archive.upkeep import compact, vacuum
from cityhub.bus.errors import ArchiveError, ArchiveTaken
from tests.unit.bus.archive import archiving_child
from tests.unit.bus.archive.world import CONTRACTS, LEVEL, MORNING, TOPIC, archive, event_bytes, log_of, writer

LOG = log_of([event_bytes(number) for number in range(60)])
NOW_MS = int(MORNING.timestamp() * 1000)
LATER_MS = NOW_MS + 3 * DAY_MS
STEP = 12


class Died(Exception):  # noqa: N818 - what happens to a process
    """The process is gone at this call."""


class Dying:
    """A storage at whose n-th call the process dies, before it or after it has had its effect."""

    def __init__(self, storage: Storage, dies_at: int, *, after: bool) -> None:
        self._storage = storage
        self._left = dies_at
        self._after = after

    def _call(self, name: str, *arguments: object) -> object:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Died
        answer = getattr(self._storage, name)(*arguments)
        if self._left == 0:
            raise Died
        return answer

    def read(self, path: str) -> bytes:
        return self._call("read", path)  # type: ignore[return-value]

    def write(self, path: str, content: bytes) -> None:
        self._call("write", path, content)

    def create(self, path: str, content: bytes) -> None:
        self._call("create", path, content)

    def names(self, folder: str) -> list[str]:
        return self._call("names", folder)  # type: ignore[return-value]

    def delete(self, path: str) -> None:
        self._call("delete", path)


def go_on(storage: Storage) -> None:
    """Archive what is missing."""
    made = writer(storage)
    while (first := made.next_offset(0) or 0) < len(LOG):
        made.add(0, LOG[first : first + STEP], {})
        made.commit(NOW_MS)


def upkeep(storage: Storage) -> None:
    compact(storage, Chain(storage, TOPIC).state(), LATER_MS, over=True)
    vacuum(storage, TOPIC, LATER_MS + DAY_MS)


def erase(storage: Storage) -> None:
    Erasure(storage, CONTRACTS, "G1", who="w", why="y").topic(TOPIC, NOW_MS)


def expect_all(storage: Storage) -> None:
    frame = archive(storage).frame(LEVEL).filter(pl.col("part") == 0)
    assert frame.sort("off")["off"].to_list() == list(range(len(LOG)))
    vacuum(storage, TOPIC, LATER_MS + 2 * DAY_MS)
    assert check(storage, CONTRACTS) == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("work", [go_on, upkeep, erase])
def test_a_death_at_every_call(work: Callable[[Storage], None], tmp_path: Path, *, after: bool) -> None:
    (begun := tmp_path / "begun").mkdir()
    if work is not go_on:
        go_on(Folder(begun))
    for dies_at in count(1):
        storage = Folder(shutil.copytree(begun, tmp_path / str(dies_at)))
        try:
            work(Dying(storage, dies_at, after=after))
        except Died:
            pass
        else:
            assert dies_at > 10
            break
        go_on(storage)
        work(storage)
        one_more(storage)
        expect_all(storage)


def one_more(storage: Storage) -> None:
    """A further commit: what a dead process had prepared under its number is nobody's now."""
    made = writer(storage)
    made.add(1, log_of([event_bytes(1_000)], first=len(LOG)), {})
    made.commit(NOW_MS)


def test_a_process_killed_again_and_again(tmp_path: Path) -> None:
    for commits in (1, 20, 45):
        child = subprocess.Popen([sys.executable, "-m", "tests.unit.bus.archive.archiving_child", str(tmp_path)])
        try:
            end = time.monotonic() + 60
            while len(list(tmp_path.glob("*/log/*"))) < commits:
                assert time.monotonic() < end, "it does not archive"
                assert child.poll() is None, "it ended by itself"
        finally:
            child.kill()
            child.wait()
    archiving_child.main(tmp_path)
    offsets = archive(tmp_path).frame(LEVEL).sort("off")["off"].to_list()
    assert offsets == list(range(archiving_child.RECORDS))
    vacuum(Folder(tmp_path), TOPIC, NOW_MS)
    assert check(Folder(tmp_path), CONTRACTS) == []


def test_of_two_writers_of_a_folder_one_goes_on_after_the_other(tmp_path: Path) -> None:
    one, other = writer(tmp_path), writer(tmp_path)
    one.add(0, LOG[:20], {})
    other.add(0, LOG[:10], {})
    other.commit(NOW_MS)
    with pytest.raises(ArchiveTaken, match=r"000000000000\.json exists: another archiver works on this archive"):
        one.commit(NOW_MS)
    one.restart()
    assert one.next_offset(0) == 10
    one.add(0, LOG[10:], {})
    one.commit(NOW_MS)
    expect_all(Folder(tmp_path))


def test_an_upkeep_that_is_overtaken_changes_nothing(tmp_path: Path) -> None:
    go_on(Folder(tmp_path))
    state = Chain(Folder(tmp_path), TOPIC).state()
    one_more(Folder(tmp_path))
    with pytest.raises(ArchiveTaken):
        compact(Folder(tmp_path), state, LATER_MS, over=True)
    expect_all(Folder(tmp_path))


@pytest.fixture(params=["memory", "folder"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An object store as pyarrow gives one."""
    if request.param == "memory":
        system = fs._MockFileSystem()
        system.create_dir("bucket")
        return ObjectStore(system, "bucket/prefix")
    return ObjectStore(fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "prefix/")


def test_an_object_store_holds_an_archive(objects: ObjectStore) -> None:
    go_on(objects)
    made = writer(objects)
    assert made.next_offset(0) == len(LOG)
    compact(objects, made.state, LATER_MS, over=True)
    erase(objects)
    expect_all(objects)
    assert objects.names("nowhere") == []
    objects.delete("nowhere/file")
    with pytest.raises(ArchiveTaken):
        objects.create(f"{TOPIC}/log/000000000000.json", b"")
    with pytest.raises(ArchiveError, match="nowhere is not in the archive"):
        objects.read("nowhere")
