"""Tables that the city exports: they grow, lines and files come twice, and whoever reads them hears everything once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Fact
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import SERVED, City, Served
from cityhub.sandbox.city.streams.story import Told
from tests.unit.adapters.journals import PSEUDONYMS

BEGIN = datetime(2026, 9, 15, 8, tzinfo=UTC)
HISTORY = timedelta(days=20)
TURNS = [BEGIN + timedelta(days=days, hours=hours) for days, hours in ((0, 0), (0, 3), (1, 0), (18, 4), (50, 1))]
SEED = 3
each = pytest.mark.parametrize("served", [one for one in SERVED if one.feed in {"gebag.development", "wbd.cleanings"}])


class Town:
    """A city whose clock is set, and its drop folder."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.now = BEGIN
        self.folder = folder
        self._drop = served.drop
        self._city = City(Chronicle(SEED, HISTORY), lambda: self.now, SEED)

    def export(self, now: datetime) -> dict[str, bytes]:
        """Bring the folder up to date."""
        self.now = now
        assert self._drop
        self._drop(self._city, self.folder)
        return {file.name: file.read_bytes() for file in self.folder.iterdir() if file.name[0] != "."}


def expected(served: Served) -> Counter[tuple[str, ...]]:
    chronicle = Chronicle(SEED, HISTORY)
    told = chronicle.between(served.streams, BEGIN - HISTORY, TURNS[-1])
    return Counter(map(line, told))


def line(one: Told | Fact) -> tuple[str, ...]:
    return one.type, one.subject, one.time.astimezone(UTC).isoformat(), repr(sorted(one.data.items()))


async def heard(served: Served, town: Town) -> list[Fact]:
    """All that an adapter says that looks after every turn."""
    memory: dict[str, bytes] = {}
    found: list[Fact] = []
    async with httpx.AsyncClient() as http:
        tools = Tools(http=http, clock=lambda: town.now, pseudonyms=PSEUDONYMS)
        adapter = ADAPTERS[served.feed][1](Link(url=town.folder.as_uri(), synthetic=True), tools)
        for turn in TURNS:
            town.export(turn)
            more = True
            while more:
                reading = await adapter.ask(Known("", memory))
                assert list(reading.rejects) == []
                found += reading.facts
                memory = {key: says for key, says in {**memory, **reading.memory}.items() if says is not None}
                more = reading.more
    return found


@each
async def test_while_files_grow_everything_is_heard_once(served: Served, tmp_path: Path) -> None:
    assert Counter(map(line, await heard(served, Town(tmp_path, served)))) == expected(served)


@each
def test_a_file_only_grows_and_stays_as_it_is_without_news(served: Served, tmp_path: Path) -> None:
    town, before = Town(tmp_path, served), dict[str, bytes]()
    for turn in TURNS:
        after = town.export(turn)
        assert all(after[name].startswith(body) for name, body in before.items())
        stamps = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
        town.export(turn)
        assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == stamps
        before = after


@each
def test_a_folder_that_does_not_say_how_far_it_is_is_made_anew(served: Served, tmp_path: Path) -> None:
    town = Town(tmp_path, served)
    whole = town.export(BEGIN)
    for file in tmp_path.iterdir():
        file.write_bytes(b"spoilt")
    assert town.export(BEGIN) == whole


def lines(folder: Path) -> Iterator[bytes]:
    for file in folder.iterdir():
        yield from file.read_bytes().splitlines()[1:]


def test_some_lines_and_some_files_come_twice(tmp_path: Path) -> None:
    (served,) = (one for one in SERVED if one.feed == "gebag.development")
    found = Town(tmp_path, served).export(TURNS[-1])
    assert any("_erneut" in name for name in found)
    assert max(Counter(lines(tmp_path)).values()) > 1
