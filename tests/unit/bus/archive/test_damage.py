"""Damage is found, by name and with what to do, and never answered with."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cityhub.bus.archive.chain import CHECKPOINT_EVERY, Chain
from cityhub.bus.archive.check import check
from cityhub.bus.archive.storage import Folder
from cityhub.bus.archive.upkeep import compact, rewrite
from cityhub.bus.errors import ArchiveError
from tests.unit.bus.archive.world import CONTRACTS, LEVEL, MOVED, TOPIC, archive, event_bytes, log_of, writer

RECORDS = CHECKPOINT_EVERY + 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = writer(tmp_path)
    values = [event_bytes(n, MOVED, metres=1) if n % 10 == 3 else event_bytes(n) for n in range(RECORDS)]
    for record in log_of([*values, b"no JSON"]):
        made.add(0, [record], {})
        made.commit(0)
    assert check(Folder(tmp_path), CONTRACTS) == []
    return tmp_path


def data(folder: Path, number: int = 0) -> Path:
    return sorted(folder.glob("*/20*/*level-read*"))[number]


def commit(folder: Path, number: int) -> Path:
    return folder / TOPIC / "log" / f"{number:012}.json"


def flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[min(int(len(content) * place), len(content) - 1)] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def told(folder: Path, path: Path, words: str) -> None:
    found = check(Folder(folder), CONTRACTS)
    name = str(path.relative_to(folder))
    here = [one.problem for one in found if one.path == name]
    assert any(name in problem and re.search(words, problem) for problem in here), found


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_one_byte_of_a_data_file(folder: Path, place: float) -> None:
    flip(data(folder), place)
    told(folder, data(folder), "is not the file that was written: .* restore it from a backup")
    with pytest.raises(ArchiveError, match=re.escape(data(folder).name)):
        archive(folder).frame(LEVEL)


@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
def test_one_byte_of_a_commit_or_checkpoint(folder: Path, place: float) -> None:
    checkpoint = folder / TOPIC / "log" / f"{CHECKPOINT_EVERY - 1:012}.checkpoint.json"
    for path in (commit(folder, RECORDS), commit(folder, 7), checkpoint):
        whole = path.read_bytes()
        flip(path, place)
        told(folder, path, "was changed or cut after it was written|does not follow|is no commit of this format")
        path.write_bytes(whole)
    assert check(Folder(folder), CONTRACTS) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: cut(data(folder)), "is not the file that was written"),
        (lambda folder: data(folder).unlink(), "is missing, the commits of .* name it"),
        (lambda folder: swap(data(folder), data(folder, 1)), "is not the file that was written"),
    ],
    ids=["cut", "missing", "swapped"],
)
def test_a_data_file_that_is_not_what_it_was(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    path = data(folder)
    damage(folder)
    told(folder, path, words)


def test_a_renamed_file_is_recognised(folder: Path) -> None:
    path = data(folder)
    other = path.rename(path.with_name("renamed.parquet"))
    told(folder, other, f"is {re.escape(str(path.relative_to(folder)))}, renamed: give it its name back")


def test_foreign_files_are_told(folder: Path) -> None:
    foreign = [data(folder).with_name("notes.txt"), folder / TOPIC / "log" / "notes.txt", folder / "holiday.jpg"]
    for path in foreign:
        path.write_text("mine")
    for path in foreign:
        told(folder, path, "foreign|no archived topic")


def test_a_commit_missing_in_the_middle(folder: Path) -> None:
    commit(folder, 20).unlink()
    told(folder, commit(folder, 21), "does not follow commit 19")
    commit(folder, CHECKPOINT_EVERY + 1).unlink()
    with pytest.raises(
        ArchiveError, match=rf"{CHECKPOINT_EVERY + 2:012}\.json does not follow commit {CHECKPOINT_EVERY}"
    ):
        archive(folder).frame(LEVEL)


def test_a_renamed_commit_or_checkpoint(folder: Path) -> None:
    checkpoint = commit(folder, CHECKPOINT_EVERY - 1).with_suffix(".checkpoint.json")
    other = checkpoint.rename(commit(folder, RECORDS).with_suffix(".checkpoint.json"))
    told(folder, other, f"is number {CHECKPOINT_EVERY - 1} of {re.escape(TOPIC)}: it was renamed")
    other.rename(checkpoint)
    swap(commit(folder, 7), commit(folder, 8))
    told(folder, commit(folder, 7), f"is number 8 of {re.escape(TOPIC)}: it was renamed")


def test_a_checkpoint_that_is_not_the_sum(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whole in itself, but of another archive of the same topic."""
    elsewhere = tmp_path_factory.mktemp("other")
    made = writer(elsewhere)
    for record in log_of([event_bytes(n) for n in range(CHECKPOINT_EVERY)]):
        made.add(0, [record], {})
        made.commit(1)
    checkpoint = commit(folder, CHECKPOINT_EVERY - 1).with_suffix(".checkpoint.json")
    checkpoint.write_bytes((elsewhere / checkpoint.relative_to(folder)).read_bytes())
    told(folder, checkpoint, "is not what the commits up to it come to; delete it")


def test_rows_that_are_there_twice_or_not_at_all(folder: Path) -> None:
    """Files that are whole, and commits that are whole, but not of one archive."""
    storage = Folder(folder)
    state = Chain(storage, TOPIC).state()
    kept = [file for file in state.files.values() if file.type == LEVEL][:1]
    state = rewrite(storage, state, kept, [], kind="compact", at_ms=0)
    (finding,) = check(storage, CONTRACTS)
    assert f"{TOPIC}/0: 1 offsets stand in no row, as 0; 0 were let go" in finding.problem
    twice = compact(storage, state, 0, over=False)
    assert twice.number > state.number
