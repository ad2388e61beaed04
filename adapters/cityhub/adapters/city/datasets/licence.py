"""Licences under the many names that catalogues have for them.

Source of the codes and of which are open: the list of licences of DCAT-AP.de (dcat-ap.de/def/licenses).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_OPEN = {
    "dl-zero-de/2.0": ("dl-de/zero-2-0", "dl-de-zero-2.0"),
    "dl-by-de/2.0": ("dl-de/by-2-0", "dl-de-by-2.0"),
    "dl-by-de/1.0": ("dl-de/by-1-0", "dl-de-by-1.0"),
    "cc-zero": ("cc0", "cc0-1.0", "cc-zero-1.0", "creativecommons.org/publicdomain/zero/1.0"),
    "ccpdm/1.0": ("cc-pdm/1.0", "pdm", "creativecommons.org/publicdomain/mark/1.0"),
    "odbl": (
        "od-bl",
        "odc-odbl",
        "odbl-1.0",
        "opendatacommons.org/licenses/odbl",
        "opendatacommons.org/licenses/odbl/1.0",
    ),
    "odby": ("od-bc", "odc-by", "odc-by-1.0", "opendatacommons.org/licenses/by", "opendatacommons.org/licenses/by/1.0"),
    "odcpddl": ("odc-pddl", "pddl-1.0", "opendatacommons.org/licenses/pddl", "opendatacommons.org/licenses/pddl/1.0"),
    "officialWork": ("official-work", "gesetze-im-internet.de/urhg/__5"),
    "geonutz/20130319": ("geonutz", "sg.geodatenzentrum.de/web_public/gdz/lizenz/geonutzv.pdf"),
    "geonutz/20131001": ("stadtentwicklung.berlin.de/geoinformation/download/nutziii.pdf",),
    "apache": ("apache-2.0", "apache.org/licenses", "apache.org/licenses/license-2.0"),
    "bsd": ("bsd-license", "opensource.org/licenses/bsd-license.php"),
    "gfdl": ("gfdl-1.3", "gnu.org/licenses/fdl"),
    "gpl/3.0": ("gpl-3.0", "opensource.org/licenses/gpl-3.0"),
    "mozilla": ("mpl-2.0", "mozilla.org/mpl"),
    "other-open": ("other-at", "other-pd"),
    "other-opensource": (),
}
_CLOSED = {
    "dl-by-nc-de/1.0": ("dl-de/by-nc-1-0", "dl-de-by-nc-1.0"),
    "other-closed": ("other-nc",),
    "other-commercial": (),
    "other-freeware": (),
}
_HOMES = re.compile(
    r"(?:dcat-ap\.de/def/licenses|opendefinition\.org/licenses|govdata\.de"
    r"|publications\.europa\.eu/resource/authority/licence)/"
)
_TAIL = re.compile(r"(?:/(?:deed|legalcode)(?:\.\w{2,5})?|\.html?)?/?\Z")
_CREATIVE_COMMONS = re.compile(
    r"(?:creativecommons\.org/licenses/|cc[-_ ])((?:by|nc|nd|sa|[-_ ])+)(de(?=[-_ /]))?[-_ /]*"
    r"(?:(\d)[._](\d))?(?:/([a-z]{2}))?"
)
"""Elements, country, version, country again where it stands behind it."""
_PLAIN = re.compile(r"[^a-z0-9]")


class Licence(Struct, frozen=True):
    """Attributes: code: of DCAT-AP.de, or made as its codes are. is_open: in the sense of the Open Definition."""

    code: str
    is_open: bool


def licence(name: str) -> Licence | None:
    """The licence of an address, a code or an abbreviation; None where it is not known."""
    text = re.sub(r"\Ahttps?://(?:www\.)?", "", name.strip().lower())
    text = _TAIL.sub("", _HOMES.sub("", text, count=1))
    elements = _CREATIVE_COMMONS.fullmatch(text)
    return _creative_commons(elements) if elements else _BY_NAME.get(_plain(text))


def chosen(names: Iterable[str]) -> Licence | None:
    """Of several names, as of several distributions, an open one, else a closed one; None where none is known."""
    found = {one.code: one for one in map(licence, names) if one}
    return min(found.values(), key=lambda one: (not one.is_open, one.code), default=None)


def _creative_commons(found: re.Match[str]) -> Licence:
    elements = [one for one in ("nc", "nd", "sa") if one in found[1]]
    version, country = (f"/{found[3]}.{found[4]}" if found[3] else ""), found[2] or found[5]
    code = "-".join(["cc-by", *elements, *([country] if country and version else [])]) + version
    return Licence(code, not {"nc", "nd"} & set(elements))


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


def _named() -> Iterator[tuple[str, Licence]]:
    for is_open, table in ((True, _OPEN), (False, _CLOSED)):
        for code, names in table.items():
            yield from ((_plain(name), Licence(code, is_open)) for name in (code, *names))


_BY_NAME = dict(_named())
