"""XML from strangers: harmless or refused, by local names, record by record."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.xml_items import (
    attribute,
    first,
    flag,
    local,
    number,
    parse_records,
    parse_xml,
    records,
    value,
)

_ENTITIES = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"x" * 99) for n in range(12))
DOCTYPES = {
    "plain": b"<!DOCTYPE a><a/>",
    "declared": b'<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "behind a comment": b"<!-- <a> --><?pi <a ?>\n<!DOCTYPE a [%s]><a>&a11;</a>" % _ENTITIES,
    "in attributes": b'<!DOCTYPE a [%s]><a b="&a11;"/>' % _ENTITIES,
    "defaults": b"<!DOCTYPE a [<!ATTLIST b %s>]><a>%s</a>"
    % (b" ".join(b'c%d CDATA "d"' % n for n in range(99)), b"<b/>" * 99),
    "behind a mark": b"\xef\xbb\xbf<!DOCTYPE a><a/>",
    "loading": b'<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1:1/e">]><a>&e;</a>',
}


@pytest.mark.parametrize("body", DOCTYPES.values(), ids=DOCTYPES.keys())
def test_a_doctype_is_refused_before_anything_is_read(body: bytes) -> None:
    with pytest.raises(FeedFault, match="DOCTYPE") as fault:
        parse_xml(body, "a thing")
    assert fault.value.reason == "parse"


def test_text_that_looks_like_a_doctype_is_none() -> None:
    assert value(parse_xml(b"<a><b><![CDATA[<!DOCTYPE html>]]></b></a>", "a thing"), "b") == "<!DOCTYPE html>"


BAD = {
    "nothing": b"",
    "JSON": b'{"a": 1}',
    "cut": b"<a><b>1</b>",
    "nul": b"\x00" * 99,
    "UTF-16": "<a/>".encode("utf-16"),
    "deep": b"<a>" * 5_000 + b"</a>" * 5_000,
    "entity": b"<a>&nbsp;</a>",
    "not UTF-8": "<a>Straße</a>".encode("latin-1"),
    "unclosed comment": b"<!--" * 50_000,
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_no_xml_is_a_fault_that_says_so(body: bytes) -> None:
    with pytest.raises(FeedFault, match="the answer is not a thing in XML") as fault:
        parse_xml(body, "a thing")
    assert fault.value.reason == "parse"


@pytest.mark.parametrize("encoding", ["utf-7", "ibm037", "utf-16", "shift_jis", "\xff"])
def test_encodings_in_which_a_doctype_could_hide_are_refused(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode("latin-1")
    with pytest.raises(FeedFault, match="must be in one of iso-8859-1, "):
        parse_xml(body, "a thing")


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "windows-1252"])
def test_the_declared_encoding_is_read(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>\n<a><b>Straße</b></a>'.encode(encoding)
    assert value(parse_xml(body, "a thing"), "b") == "Straße"


def test_more_values_than_an_answer_may_have_are_refused_unread() -> None:
    with pytest.raises(FeedFault, match="more than 1000000 values"):
        parse_xml(b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "a thing")
    with pytest.raises(FeedFault, match="more than 2 values"):
        parse_xml(b"<a><b/></a>", "a thing", 2)


class Item(Struct, frozen=True):
    """A record."""

    id: str
    at: datetime
    size: float = 0.0
    ended: bool = False


XML = b"""<n2:list xmlns:n2="urn:v2" xmlns="urn:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <n2:item id="1" xsi:type="n2:Good"><when><at>2026-11-26T07:00:00+01:00</at></when><n2:size> 1.5 </n2:size></n2:item>
  <item id="2"><when/><size>1.5</size></item>
  <item xmlns="" id="3"><when><at>2026-11-26T07:00:00Z</at></when><size>1,5</size><size>2</size></item>
  <item id="4"><when><at>2026-11-26T07:00:00Z</at><at>never</at></when><ended>1</ended></item>
</n2:list>"""


def test_records_are_found_by_local_name_and_refused_alone() -> None:
    root = parse_xml(XML, "a list")
    good, rejects = parse_records(
        records(root, "item"),
        lambda one: {
            "id": attribute(one, "id"),
            "at": value(one, "when/at"),
            "size": number(value(one, "size")),
            "ended": flag(value(one, "ended")),
        },
        Item,
    )
    seven = datetime.fromisoformat("2026-11-26T07:00:00Z")
    assert [(path, one.id, one.size, one.ended) for path, one in good] == [
        ("item[0]", "1", 1.5, False),
        ("item[3]", "4", 0.0, True),
    ]
    assert good[1][1].at == seven
    assert [(one.reason, one.path, one.detail) for one in rejects] == [
        ("schema", "item[1]", "Object missing required field `at`"),
        ("schema", "item[2].size", "Expected `float`, got `str`"),
    ]


def test_nested_records_are_part_of_the_outer_one() -> None:
    """Else 100 levels of them would be read 100 times."""
    root = parse_xml(b"<a><item id='1'><item id='2'/></item><b><item id='3'/></b></a>", "a list")
    assert [(path, attribute(one, "id")) for path, one in records(root, "item")] == [("item[0]", "1"), ("item[1]", "3")]


def test_names_lose_their_namespace() -> None:
    root = parse_xml(XML, "a list")
    found = first(root, "item/when/at")
    assert found is not None
    assert local(str(found.tag)) == "at"
    assert first(root, "item/then") is None
    assert attribute(root[0], "type") == "n2:Good"
    assert local("n2:Good") == "Good"
    assert attribute(root[0], "kind") is None
    assert [path for path, _ in records(root[0], "at", "item[0]")] == ["item[0].at[0]"]


@pytest.mark.parametrize("text", ["1,5", "nan", "inf", "1_000", "0x1", "", ".", "1 2", "١"])
def test_what_is_no_number_stays_text(text: str) -> None:
    assert number(text) == text


def test_numbers_and_flags() -> None:
    assert [number(text) for text in ("1.5", "-0.25", "+3", "1e2", "1.", None)] == [1.5, -0.25, 3.0, 100.0, 1.0, None]
    assert [flag(text) for text in ("true", "1", "false", "0", "ja", None)] == [True, True, False, False, "ja", None]


def test_numbers_are_no_instants() -> None:
    """Seconds since 1970 are a guess."""
    root = parse_xml(b'<a><item id="1"><at>20261126</at></item></a>', "a list")
    found = records(root, "item")
    good, rejects = parse_records(found, lambda one: {"id": attribute(one, "id"), "at": value(one, "at")}, Item)
    assert good == []
    assert [(one.path, one.detail) for one in rejects] == [("item[0].at", "Invalid RFC3339 encoded datetime")]


def test_a_recorded_publication_with_prefixes() -> None:
    """DATEX II of Aachen; counted with grep: 17 sites report, each once."""
    root = Path(__file__).parents[3].parent / "shared" / "recordings"
    file = Path(os.environ.get("CITYHUB_RECORDINGS", root)) / "parking" / "datex2-aachen-realtime.xml"
    if not file.is_file():
        pytest.skip(f"no recording at {file}; set CITYHUB_RECORDINGS to the folder of recordings")
    answer = parse_xml(file.read_bytes(), "a publication")
    sites = list(records(answer, "parkingRecordStatus"))
    assert len(sites) == 17
    assert all(value(site, "parkingStatusOriginTime") for _, site in sites)
