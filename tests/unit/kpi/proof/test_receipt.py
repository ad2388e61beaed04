"""Receipts: a number proved from archive files alone, and every way in which one is not what was issued."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import ReceiptInvalid
from cityhub.kpi.proof import merkle, signature
from cityhub.kpi.proof.receipt import Receipt, encode, number_id, parse, sealed
from cityhub.kpi.proof.verify import receipt_of, verify
from tests.unit.kpi.proof.world import World

ISSUED = datetime(2026, 11, 1, tzinfo=UTC)
KPIS = ("M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("receipts"), per_type=60)
    found.count()
    found.engine.publish()
    return found


def receipt(world: World, kpi: str, place: int = -1) -> Receipt:
    value = sorted(world.published(kpi), key=lambda one: (one.n, one.start))[place]
    return receipt_of(world.evidence(value), world.archive, value, ISSUED)


@pytest.fixture
def elsewhere(world: World, tmp_path: Path) -> Path:
    """A machine that has archive files and the package, nothing else."""
    return shutil.copytree(world.folder, tmp_path / "archive")


def checked(folder: Path, content: bytes) -> list[str]:
    catalogue = load_catalogue()
    archive = Archive(storage_of(folder), catalogue.contracts)
    return verify(parse(content), archive, catalogue).differences


@pytest.mark.parametrize("kpi", KPIS)
def test_a_receipt_verifies_from_archive_files_alone(world: World, elsewhere: Path, kpi: str) -> None:
    issued = receipt(world, kpi)

    assert issued.events
    assert issued.revision
    assert checked(elsewhere, encode(issued)) == []


def test_what_was_counted_later_changes_no_receipt(tmp_path: Path) -> None:
    world = World(tmp_path, per_type=40)
    world.count(0.6)
    world.engine.publish()
    before = [receipt(world, kpi) for kpi in KPIS]
    world.count()
    world.engine.publish()

    assert [checked(world.folder, encode(one)) for one in before] == [[]] * len(KPIS)
    assert [receipt(world, one.kpi).cursor for one in before] != [one.cursor for one in before]


def test_a_number_that_is_not_true_is_found_and_named(world: World) -> None:
    issued = receipt(world, "M01")
    forged = {
        "numerator": sealed(msgspec.structs.replace(issued, numerator=issued.numerator + 1)),
        "root": sealed(msgspec.structs.replace(issued, root="0" * 64)),
        "parts.window": sealed(
            msgspec.structs.replace(issued, parts=msgspec.structs.replace(issued.parts, window=[1, 2, 3]))
        ),
        "definition_hash": sealed(msgspec.structs.replace(issued, definition_hash="f" * 64)),
        "kpi: no version 99 of M01": sealed(msgspec.structs.replace(issued, version=99)),
        "kpi: no KPI 'Z99'": sealed(msgspec.structs.replace(issued, kpi="Z99")),
    }

    for place, one in forged.items():
        (difference,) = checked(world.folder, encode(one))
        assert difference.startswith(place)


def test_no_byte_of_the_archive_can_be_changed_unseen(world: World, elsewhere: Path) -> None:
    """Of every file that the receipt's topic has, one byte in its middle."""
    issued = encode(receipt(world, "M01"))
    for file in sorted((elsewhere / "du.evt.dvv.transit.v1").rglob("*.*")):
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        if "departed" in file.name or "cancelled" in file.name or file.suffix == ".json":
            touched = _touched(elsewhere, issued)
            assert touched is None or str(file.relative_to(elsewhere)) in touched
            if file.suffix == ".json" and "checkpoint" not in file.name:
                assert touched is not None
        file.write_bytes(content)
    assert checked(elsewhere, issued) == []


def _touched(folder: Path, issued: bytes) -> str | None:
    try:
        assert checked(folder, issued) == []
    except ArchiveDamaged as error:
        return str(error)
    return None


def test_a_missing_file_is_named(world: World, elsewhere: Path) -> None:
    issued = receipt(world, "M01")
    day = issued.start.date().isoformat()
    (file, *_) = sorted((elsewhere / "du.evt.dvv.transit.v1" / day).glob("*departed*"))
    file.unlink()

    with pytest.raises(ArchiveMissing, match=f"{day}/{file.name} is missing"):
        checked(elsewhere, encode(issued))


def test_every_byte_of_a_receipt_counts(world: World) -> None:
    content = encode(receipt(world, "I08"))
    for place in range(0, len(content), 7):
        changed = content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :]
        if changed.split() != content.split():
            with pytest.raises(ReceiptInvalid, match=r"id: says|not readable|not a receipt of|^format: "):
                parse(changed)
    with pytest.raises(ReceiptInvalid, match="not readable as JSON"):
        parse(content[: len(content) // 2])


@pytest.mark.parametrize("kpi", KPIS)
def test_a_number_has_one_id_whenever_its_receipt_is_issued(world: World, kpi: str) -> None:
    values = [one for one in world.published(kpi) if one.digest]
    named = {number_id(one) for one in values}
    assert len(named) == len(values)
    for value in values[:5]:
        evidence = world.evidence(value)
        receipts = [receipt_of(evidence, world.archive, value, value.end + timedelta(days=days)) for days in (1, 2)]
        assert receipts[0].id != receipts[1].id
        read = [parse(encode(one)) for one in receipts]
        assert {number_id(one) for one in read} == {number_id(value)}
        assert re.fullmatch("[0-9a-f]{16}", number_id(value))


@pytest.mark.parametrize(
    "changes", [{"digest": "1" * 32}, {"scope": "STB09"}, {"references": {"lamps": 1}}, {"definition_hash": "ab"}]
)
def test_another_number_has_another_id(world: World, changes: dict[str, Any]) -> None:
    value = world.published("I08")[0]
    assert number_id(msgspec.structs.replace(value, **changes)) != number_id(value)
    assert not number_id(msgspec.structs.replace(value, digest=""))


def test_a_signature_says_whose_receipt_it_is(world: World) -> None:
    issued, key = receipt(world, "I08"), signature.new_key()
    signed = msgspec.structs.replace(issued, signature=signature.sign(key, issued.id))
    read = parse(encode(signed))

    assert read.signature is not None
    signature.check(read.signature, read.id, signature.public_key(key))
    with pytest.raises(ReceiptInvalid, match="signature: made with Ed25519 key"):
        signature.check(read.signature, read.id, signature.public_key(signature.new_key()))
    with pytest.raises(ReceiptInvalid, match="does not fit receipt"):
        signature.check(read.signature, "0" * 64, signature.public_key(key))
    with pytest.raises(ReceiptInvalid, match="no public key in PEM form"):
        signature.check(read.signature, read.id, "nonsense")


def test_roots_are_those_of_rfc_6962() -> None:
    """The empty tree and a leaf of the RFC's known answers; order does not matter, repetition does."""
    assert merkle.root_of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of([b""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    one, two, three = (bytes([number]) * 32 for number in (1, 2, 3))
    assert merkle.root_of([one, two, three]) == merkle.root_of([three, one, two])
    assert len({merkle.root_of(found) for found in ([one], [one, one], [one, two], [one, two, two])}) == 4
