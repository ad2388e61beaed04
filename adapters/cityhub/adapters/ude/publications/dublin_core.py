"""Pure: what elements of Dublin Core mean, by the vocabularies of COAR, OpenAIRE and DINI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

_COAR = re.compile(r"https?://purl\.org/coar/access_right/(\w{1,20})/?")
_COAR_OPEN = {"c_abf2": True, "c_f1cf": False, "c_16ec": False, "c_14cb": False}
"""open, embargoed, restricted, metadata only."""
_EU_REPO = re.compile(r"info:eu-repo/semantics/(\w{1,20})Access", re.IGNORECASE)
_EU_REPO_OPEN = {"open": True, "embargoed": False, "restricted": False, "closed": False}
_LICENCE = re.compile(r"https?://creativecommons\.org/(licenses|publicdomain)/.+", re.IGNORECASE)
_DDC = re.compile(r"(?:ddc:|https?://dewey\.info/class/)(\d{3})(?:\D.*)?", re.IGNORECASE)
_W3C_DATE = re.compile(r"([12]\d{3})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?")


def open_access(rights: Iterable[str]) -> bool | str:
    """Whether everybody may read it: every statement of access says so; without one, whether a licence of Creative
    Commons does. Else why nobody can tell; what somebody wrote in free words is not in it.
    """
    said = list(rights)
    coar = [found[1] for one in said if (found := _COAR.fullmatch(one))]
    eu_repo = [found[1].lower() for one in said if (found := _EU_REPO.fullmatch(one))]
    unknown = [code for code in coar if code not in _COAR_OPEN] + [
        code for code in eu_repo if code not in _EU_REPO_OPEN
    ]
    if unknown:
        return f"{unknown[0]!r} is no access right that COAR or OpenAIRE knows"
    access = [_COAR_OPEN[code] for code in coar] + [_EU_REPO_OPEN[code] for code in eu_repo]
    if access or any(_LICENCE.fullmatch(one) for one in said):
        return all(access)
    rule = "an access right of COAR or OpenAIRE, or a licence of Creative Commons"
    return f"none of the {len(said)} dc:rights is {rule}"


def topic(subjects: Iterable[str]) -> str | None:
    """The first group of the Dewey classification, `ddc:620`; keywords are not read, there are thousands of them."""
    return next((f"ddc:{found[1]}" for one in subjects if (found := _DDC.fullmatch(one))), None)


def published(dates: Iterable[str]) -> date | None:
    """The earliest day; of a month or a year its first one. None where no date can be read."""
    return min(_days(dates), default=None)


def _days(dates: Iterable[str]) -> Iterator[date]:
    for found in filter(None, map(_W3C_DATE.fullmatch, dates)):
        try:
            yield date(*(int(part or 1) for part in found.groups()))
        except ValueError:
            continue
