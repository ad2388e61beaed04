"""XML answers: the whole once it is known to be harmless, its records one by one, so that a bad one costs no other.

Names are local names: prefixes and the namespaces of versions do not matter. A document with a DOCTYPE is refused
before it is parsed, so there are no entities, no attribute defaults and nothing to load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias, TypeVar

import msgspec
from lxml import etree

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import MAX_VALUES
from cityhub.adapters.kit.reject import Reject

XML = ("application/xml", "text/xml")
"""Media types."""
Element: TypeAlias = etree._Element
_T = TypeVar("_T")
_ENCODINGS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
"""In these a byte below 128 is the ASCII character, so that what stands before the root can be looked at."""
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"'>]{1,40})["']""")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_PROLOG = re.compile(rb"(?s:(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+)")


def parse_xml(body: bytes, what: str, max_values: int = MAX_VALUES) -> Element:
    """The root of an answer.

    Args:
        what: the answer should be, for messages. max_values: each costs about 150 bytes while the answer is read.

    Raises:
        FeedFault: `too_many_values` or `parse`, with what is wrong and where.
    """
    if body.count(b"<") + body.count(b"=") > max_values:
        raise FeedFault("too_many_values", f"the answer has more than {max_values} values; nothing of it was read")
    declared = _DECLARED.match(body)
    encoding = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if encoding not in _ENCODINGS:
        raise FeedFault(
            "parse", f"the answer is XML in {encoding!r}; it must be in one of {', '.join(sorted(_ENCODINGS))}"
        )
    before = _PROLOG.match(body)
    if before and body.startswith(b"<!DOCTYPE", before.end()):
        raise FeedFault("parse", "the answer has a DOCTYPE, which is refused unread; it must be sent without one")
    try:
        return etree.fromstring(body, _parser(encoding))
    except etree.XMLSyntaxError as error:
        raise FeedFault("parse", f"the answer is not {what} in XML: {error}") from error


def records(root: Element, name: str, within: str = "") -> Iterator[tuple[str, Element]]:
    """All elements of a local name below `root`, as they stand, each with its path `<name>[<index>]`.

    They hold no others of their name: what is nested is part of its record, so that no document is read twice.

    Args:
        within: path of `root`, where it is a record itself.
    """
    prefix = f"{within}." if within else ""
    wanted = f"{{*}}{name}"
    found = (one for one in root.iterdescendants(wanted) if not _within(one, wanted))
    for index, element in enumerate(found):
        yield f"{prefix}{name}[{index}]", element


def first(element: Element, path: str) -> Element | None:
    """The first element at a path of local names, `validity/validityStatus`; None where there is none."""
    return element.find(_pattern(path))


def value(element: Element, path: str) -> str | None:
    """Text of the first element at a path, without white space around it; None where there is none or it is empty."""
    return (element.findtext(_pattern(path)) or "").strip() or None


def number(text: str | None) -> float | str | None:
    """A decimal number as XML writes it, with a point; what is none stays as it is, to be refused by name."""
    return float(text) if text is not None and _NUMBER.fullmatch(text) else text


def integer(text: str | None) -> int | str | None:
    """A whole number of up to 18 digits; what is none stays as it is, to be refused by name."""
    return int(text) if text is not None and _INTEGER.fullmatch(text) else text


def flag(text: str | None) -> bool | str | None:
    """`true`, `1`, `false` or `0`; what is none of them stays as it is, to be refused by name."""
    return text if text is None else _FLAGS.get(text, text)


def attribute(element: Element, name: str) -> str | None:
    """Of an element, by local name: `type` is `xsi:type`, too."""
    return next((str(text) for key, text in element.items() if local(str(key)) == name), None)


def local(name: str) -> str:
    """A name without its namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


def parse_records(
    found: Iterable[tuple[str, Element]], read: Callable[[Element], Mapping[str, object]], type_: type[_T]
) -> tuple[list[tuple[str, _T]], list[Reject]]:
    """The records that are well formed, each with its path, and the others with reason `schema`.

    Args:
        read: what stands in a record, by name of the field: texts, `number`s, `integer`s, `flag`s; None is missing.
    """
    good: list[tuple[str, _T]] = []
    rejects: list[Reject] = []
    for path, element in found:
        said = {name: text for name, text in read(element).items() if text is not None}
        try:
            good.append((path, msgspec.convert(said, type_)))
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            text = etree.tostring(element, encoding="utf-8", with_tail=False)
            rejects.append(Reject("schema", f"{path}{where.rstrip('`')}", what, text))
    return good, rejects


def _within(element: Element, name: str) -> bool:
    return next(element.iterancestors(name), None) is not None


def _parser(encoding: str) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )


@lru_cache(maxsize=1024)
def _pattern(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))
