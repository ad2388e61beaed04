"""Whether a workbook from strangers may be read at all: its files are looked through as bytes, before any is parsed.

What openpyxl would fill the memory with, follow for hours or leave out silently is refused: entities, a million cells
in a line, tens of thousands of styles, lines that are not in order. ECMA-376 Part 1, 18.3.1; bounds are Excel's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.zip_file import every_member

MAX_LINES = 1_048_576
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TYPES = "[Content_Types].xml"
_TEXTS = "sharedStrings.xml"
_MOST_TAGS = 8 * 16_384
"""In one line, and in all that is neither a line nor a text: a line has 16 384 cells at most."""
_MOST_TEXTS = 2_000_000
"""Tags around the texts of a workbook."""
_MOST_BYTES = 4 * 1024 * 1024
"""Of styles and the like."""
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"'>]{1,40})["']""")
_ROW = re.compile(rb"""<((?:[^\s<>/:]{1,40}:)?row)(?=[\s/>])((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_NUMBER = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_NO_RESULT = re.compile(
    rb"<(?:\w{1,40}:)?c\s([^<>]*)>\s*<(?:\w{1,40}:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w{1,40}:)?f>)\s*"
    rb"(?:<(?:\w{1,40}:)?v\s*(?:/>|></(?:\w{1,40}:)?v>)\s*)?</(?:\w{1,40}:)?c>"
)
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Z]{1,3}\d{1,7})["']""")
_A_TEXT = re.compile(rb"""(?:^|\s)t\s*=\s*["']str["']""")


def look_through(name: str, body: bytes) -> Mapping[str, frozenset[str]]:
    """The cells that hold a formula without a result, by the path of their sheet in the workbook.

    Raises:
        FeedFault: `zip`, `parse` or `too_many_values`: it is none, or one that is not read, and what to do.
    """
    if body.startswith(_OLD):
        raise FeedFault("parse", f"{name} is an old Excel file (.xls) or has a password; save it as .xlsx without one")
    found = {}
    for member, content in every_member(body):
        where = f"{name}: {member[:80]}"
        if member.lower().endswith("vbaproject.bin") or (member == _TYPES and b"macroEnabled" in content):
            raise FeedFault("parse", f"{where} holds macros, which are refused; save the workbook as .xlsx")
        _is_plain(where, content)
        if _ROW.search(content) or "worksheets/" in member:
            _lines_in_order(where, content)
            found[member] = frozenset(_without_result(content))
        elif member.endswith(_TEXTS):
            _bounded(where, content.count(b"<"), _MOST_TEXTS)
        else:
            _bounded(where, content.count(b"<"), _MOST_TAGS)
            if content.lstrip()[:1] == b"<":
                _bounded(where, len(content), _MOST_BYTES)
    return found


def _is_plain(where: str, content: bytes) -> None:
    encoding = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if content[:2] in {b"\xfe\xff", b"\xff\xfe"} or (encoding and encoding[1].lower() != b"utf-8"):
        raise FeedFault("parse", f"{where} is not in UTF-8; save the workbook anew with Excel")
    if b"<!DOCTYPE" in content:
        raise FeedFault("parse", f"{where} has a DOCTYPE, which is refused unread; save the workbook anew with Excel")


def _lines_in_order(where: str, content: bytes) -> None:
    """openpyxl leaves out a line whose number is not above the one before, and keeps a line whole in memory."""
    if b"<!" in content:
        raise FeedFault("parse", f"{where} has comments or CDATA in it; save the workbook anew with Excel")
    last, at, tag = 0, 0, b""
    for found in _ROW.finditer(content):
        _between(where, content, at, found.start(), tag)
        said = _NUMBER.search(found[2])
        number = last + 1 if said is None else int(said[1]) if said[1].isdigit() and len(said[1]) < 9 else 0  # noqa: PLR2004
        if not last < number <= MAX_LINES:
            raise FeedFault("parse", f"{where}: the line after {last} is not in order; save the workbook anew")
        last, at, tag = number, found.end(), b"" if found[2].endswith(b"/") else found[1]
    _between(where, content, at, len(content), tag)


def _between(where: str, content: bytes, at: int, end: int, tag: bytes) -> None:
    _bounded(where, content.count(b"<", at, end), _MOST_TAGS)
    if tag and content.count(b"</" + tag + b">", at, end) != 1:
        raise FeedFault("parse", f"{where}: a line begins before the one before it has ended; save the workbook anew")


def _bounded(where: str, found: int, most: int) -> None:
    if found > most:
        raise FeedFault("too_many_values", f"{where} holds more than {most} values; send a workbook of the table alone")


def _without_result(content: bytes) -> Iterator[str]:
    """A formula that gives an empty text has a result."""
    for found in _NO_RESULT.finditer(content):
        place = _PLACE.search(found[1])
        if place and not _A_TEXT.search(found[1]):
            yield place[1].decode()
