"""The stock of flats that the city sends: the same files however often it looks, and nobody is lost by age."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.gebag.flats import SERVED
from tests.unit.sandbox.test_tables import BEGIN, HISTORY, SEED, TURNS, Town


def unpacked(body: bytes) -> str:
    """The XML of a file."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        return archive.read(name).decode()


def ids(document: str, action: str = "CHANGE") -> set[str]:
    """Of the objects with an action."""
    return set(re.findall(rf'"{action}"/><openimmo_obid>(\w[\w-]*)<', document))


def test_the_files_do_not_depend_on_how_often_the_city_looks(tmp_path: Path) -> None:
    often, seldom = Town(tmp_path / "often", SERVED), Town(tmp_path / "seldom", SERVED)
    for town, turns in ((often, TURNS), (seldom, [TURNS[0], TURNS[-1]])):
        town.folder.mkdir()
        for now in turns:
            files = town.export(now)
        assert town.export(TURNS[-1]) == files
    assert files == {file.name: file.read_bytes() for file in often.folder.iterdir() if file.name[0] != "."}


def test_a_whole_file_holds_everybody_who_was_not_taken_back(tmp_path: Path) -> None:
    """Also those who came before the city's history, 50 days later."""
    town = Town(tmp_path, SERVED)
    for now in TURNS:
        files = town.export(now)
    there: set[str] = set()
    missing: list[str] = []
    for name in sorted(files):
        document = unpacked(files[name])
        if 'umfang="VOLL"' in document:
            missing += there - ids(document)
            there = set()
        there = (there | ids(document)) - ids(document, "DELETE")
    told = Chronicle(SEED, HISTORY).between(["flats"], BEGIN - HISTORY, TURNS[-1])
    gone = [f"OI{one.subject.upper()}" for one in told if one.data.get("withdrawn")]
    assert missing
    assert set(missing) <= set(gone)
    assert len(there) == len({one.subject for one in told}) - len(gone) > 50
