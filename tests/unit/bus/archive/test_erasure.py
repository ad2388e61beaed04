"""Erasing a subject: it stands in no byte any more, and every number stays what it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cityhub.bus.archive.chain import Chain
from cityhub.bus.archive.check import check
from cityhub.bus.archive.columns import Refusal
from cityhub.bus.archive.erasure import Erasure
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import Folder
from cityhub.bus.archive.upkeep import compact
from cityhub.bus.archive.writer import TopicWriter
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, parse_contract
from cityhub.sdk.event import make_event
from tests.unit.bus.archive.world import MORNING, log_of

TOPIC = "du.evt.city.panel.v1"
TYPE = "de.duisburg.city.panel.answered.v1"
WHO = "Mürkel 7"
CONTRACTS = Contracts(
    [
        parse_contract(
            f"type: {TYPE}\ntopic: {TOPIC}\ncadence: 1h\nlateness: 1h\nhorizon: 5d\ntitle: {{de: a, en: a}}\nfields:\n"
            "  person: {type: text, personal: true, optional: true, meaning: {de: Person, en: person}}\n"
            "  panel: {type: text, optional: true, meaning: {de: Kreis, en: panel}}\n"
            "  marks: {type: integer, min: 0, max: 9, meaning: {de: Note, en: marks}}\n",
            "panel.yaml",
        )
    ]
)


def answered(number: int, subject: str, **data: object) -> bytes:
    event = make_event(
        type_=TYPE,
        source="//city/panel",
        natural_key=(str(number),),
        version="1",
        subject=subject,
        time=MORNING,
        recorded_at=MORNING + timedelta(seconds=1),
        partitionkey=f"of {subject}" if number % 2 else subject,
        data={"marks": number % 10, **data},
    )
    return codec.encode(event)


VALUES = [
    answered(0, WHO, person="p-zero", panel="a"),
    answered(1, WHO, person="p-zero", panel=f"with {WHO}"),
    answered(2, WHO, person="p-two", more=f"unknown to the contract: {WHO}"),
    answered(3, "another", person="p-zero", panel="a"),
    answered(4, "another", person="p-four", panel="b"),
    answered(5, "another", person=WHO),
    f'{{"no event": "{WHO}"}}'.encode(),
    b'{"no event": "M\\u00fcrkel 7"}',
    b"somebody else",
]


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    made = TopicWriter(Folder(tmp_path), TOPIC, CONTRACTS.values())
    log = log_of(VALUES)
    for first in range(0, len(log), 3):
        made.add(0, log[first : first + 3], {2: Refusal("contract", f"about {WHO}"), 8: Refusal("parse", "…")})
        made.commit(0)
    return Folder(tmp_path)


def erase(storage: Folder, now_ms: int = 1) -> int:
    return Erasure(storage, CONTRACTS, WHO, who="data protection officer", why="request 12").topic(TOPIC, now_ms)


def everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_subject_stands_in_no_byte(storage: Folder, tmp_path: Path) -> None:
    compact(storage, Chain(storage, TOPIC).state(), int(MORNING.timestamp() * 1000) + 10 * 86_400_000, over=True)
    assert WHO.encode() in _plain(storage)
    assert erase(storage) == 7
    for text in (WHO, "p-zero", "p-two", "M\\u00fcrkel"):
        assert text.encode() not in everything(tmp_path) + _plain(storage)
    assert b"somebody else" in _plain(storage)
    assert check(storage, CONTRACTS) == []
    assert erase(storage) == 0


def _plain(storage: Folder) -> bytes:
    """Every value of every column: the files' bytes are compressed."""
    archive = Archive(storage, CONTRACTS)
    more = ("partitionkey", "raw", "detail", "correlationid")
    told = archive.frame(TYPE, more=more).rows() + archive.unread(TOPIC).rows()
    return "\n".join(
        str(value.decode() if isinstance(value, bytes) else value) for row in told for value in row
    ).encode()


def test_what_is_counted_stays(storage: Folder) -> None:
    names = ["part", "off", "append_ms", "clock_ms", "t", "id", "source", "borough", "synthetic"]
    counted = [*names, "digest_hi", "digest_lo", "reason", "$marks"]
    before = Archive(storage, CONTRACTS).frame(TYPE).sort("off")
    erase(storage)
    after = Archive(storage, CONTRACTS).frame(TYPE).sort("off")
    assert after.select(counted).equals(before.select(counted))
    for name in ("subject", "$person", "$panel"):
        assert _pattern(after[name].to_list()) == _pattern(before[name].to_list())
    assert after["subject"][3] == "another"
    assert after["$person"][4] == "p-four"
    assert after["$panel"][0] == "a"


def _pattern(values: list[object]) -> list[int]:
    """Which values are equal, whatever they are."""
    return [values.index(value) for value in values]


def test_erased_rows_stay_erased_and_are_told_from_damaged_ones(storage: Folder) -> None:
    erase(storage)
    state = compact(
        storage, Chain(storage, TOPIC).state(), int(MORNING.timestamp() * 1000) + 10 * 86_400_000, over=True
    )
    assert sum(file.erased for file in state.files.values()) == 5
    assert check(storage, CONTRACTS) == []


def test_who_and_why_are_kept_and_never_the_subject(storage: Folder) -> None:
    erase(storage)
    assert Chain(storage, TOPIC).state().notes == ("1970-01-01 data protection officer: request 12 (7 rows)",)
    with pytest.raises(ValueError, match="must not be empty, nor stand in the name or the reason"):
        Erasure(storage, CONTRACTS, WHO, who="x", why=f"asked by {WHO}")
