"""Zips from strangers: one file of them is read, in bounds."""

from __future__ import annotations

import io
import zipfile

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats import zip_file
from cityhub.adapters.formats.zip_file import only_member


def zipped(*members: tuple[str, bytes]) -> bytes:
    """Also what no honest program would write."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return body.getvalue()


def test_the_only_one_is_read_whatever_else_is_there() -> None:
    body = zipped(("bild.jpg", b"x" * 9), ("Objekte.XML", b"<a/>"))
    assert only_member(body, ".xml") == b"<a/>"


XML = ("a.xml", b"<a/>")
BAD = {
    "nothing": (b"", "is no zip"),
    "cut": (zipped(XML)[:-9], "is no zip"),
    "no XML": (zipped(("a.jpg", b"")), "holds 0 files that end with .xml; there must be one"),
    "two": (zipped(XML, ("b.xml", b"")), "holds 2 files that end with .xml"),
    "path": (zipped(XML, ("../../etc/cron.d/x", b"")), "'../../etc/cron.d/x'; names in it must not be paths"),
    "path of another system": (zipped(XML, ("..\\x", b"")), "must not be paths"),
    "folder": (zipped(("ordner/a.xml", b"<a/>")), "must not be paths"),
    "name that ends early": (zipped(("a.xml_.exe", b"")).replace(b"xml_", b"xml\0"), "must not be paths"),
    "crowd": (zipped(*((str(number), b"") for number in range(1_001))), "holds 1001 files"),
    "bomb": (zipped(("a.xml", b"\0" * 10_000_000)), "larger than it may be unpacked"),
}


@pytest.mark.parametrize(("body", "why"), BAD.values(), ids=BAD.keys())
def test_others_are_refused_with_what_is_wrong(body: bytes, why: str) -> None:
    with pytest.raises(FeedFault) as fault:
        only_member(body, ".xml")
    assert (fault.value.reason, why in str(fault.value)) == ("zip", True)


def test_a_wrong_checksum_is_seen() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.xml", "<a/>")
    with pytest.raises(FeedFault, match="Bad CRC-32"):
        only_member(stored.getvalue().replace(b"<a/>", b"<b/>"), ".xml")


def test_what_the_zip_says_of_its_size_is_not_believed() -> None:
    """It says that 10 MB of zeros are 4 bytes."""
    body = zipped(("a.xml", b"\0" * 10_000_000))
    lying = body.replace((10_000_000).to_bytes(4, "little"), (4).to_bytes(4, "little"))
    with pytest.raises(FeedFault, match="is no zip"):
        only_member(lying, ".xml")


def test_encrypted_ones_are_refused_by_name() -> None:
    body = bytearray(zipped(XML))
    for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(header) + at] |= 1
    with pytest.raises(FeedFault, match="is encrypted; send it without a password"):
        only_member(bytes(body), ".xml")


def test_size_is_bounded_however_well_it_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_file, "MAX_UNPACKED", 10)
    assert only_member(zipped(("a.xml", b"x" * 10)), ".xml") == b"x" * 10
    with pytest.raises(FeedFault, match="10 bytes and 200 times"):
        only_member(zipped(("a.xml", b"x" * 11)), ".xml")
