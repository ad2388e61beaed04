"""An answer of CKAN's action API to `package_search`: its shape, nothing else. Who is responsible is never read.

Source of the form: CKAN's API guide, action API version 3; fields of DCAT stand in `extras` or, by schema, beside them.
What has no offset is in UTC, as CKAN writes it, but for the fields of DCAT, which are as their publisher wrote them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from cityhub.adapters.city.datasets.entry import Entry, instant
from cityhub.adapters.city.datasets.frequency import is_continuous, period
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id, parse_items, parse_json
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

_DATASET = "dataset"


class Extra(Struct, frozen=True):
    """Attributes: value: a text, as all that is read of them is; others may be anything."""

    key: str
    value: Any = None


class Resource(Struct, frozen=True):
    """A distribution. Attributes: last_modified: when its file or link was changed."""

    last_modified: str | None = None
    license: str | None = None


class Package(Struct, frozen=True, kw_only=True):
    """An entry. Attributes: type: other than `dataset` it is no data set, but a showcase, a harvester …"""

    id: Id
    type: str = _DATASET
    state: str = "active"
    private: bool = False
    metadata_created: str | None = None
    metadata_modified: str | None = None
    license_id: str | None = None
    license_url: str | None = None
    identifier: str | None = None
    issued: str | None = None
    modified: str | None = None
    frequency: str | None = None
    access_rights: str | None = None
    extras: tuple[Extra, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def is_dataset(self) -> bool:
        """Whether it is one."""
        return self.type == _DATASET

    def changed(self) -> datetime | None:
        """When the record was. Raises: ValueError: that is no date."""
        return instant("metadata_modified", self.metadata_modified, UTC)

    def entry(self) -> Entry:
        """Raises: ValueError: a date or a period is none."""
        extras = {one.key: one.value for one in self.extras if isinstance(one.value, str) and one.value}
        frequency = self.frequency or extras.get("frequency")
        modified = self.modified or extras.get("modified")
        files = [instant("last_modified", one.last_modified, UTC) for one in self.resources]
        newest = max((one for one in files if one), default=None)
        issued = instant("issued", self.issued or extras.get("issued"))
        named = (self.license_id, self.license_url, *(one.license for one in self.resources))
        return Entry(
            identifier=self.identifier or extras.get("identifier") or extras.get("guid") or self.id,
            public=not self.private
            and self.state == "active"
            and is_public(self.access_rights or extras.get("access_rights")),
            changed=self.changed(),
            issued=issued or instant("metadata_created", self.metadata_created, UTC),
            modified=instant("modified", modified) if modified else newest,
            continuous=is_continuous(frequency),
            period=period(frequency),
            licences=tuple(one for one in named if one),
        )


class Page(Struct, frozen=True):
    """Attributes: count: of all that the question finds. size: of this page, with what is refused of it."""

    count: int
    size: int
    packages: list[tuple[str, Package]]
    rejects: list[Reject]


class _Result(Struct, frozen=True):
    count: Annotated[int, Meta(ge=0)]
    results: tuple[Raw, ...]


class _Answer(Struct, frozen=True):
    success: bool
    result: _Result | None = None
    error: Any = None


_answer = msgspec.json.Decoder(_Answer)
_package = msgspec.json.Decoder(Package)
_NOT_PUBLIC = frozenset({"restricted", "non_public", "non-public", "sensitive", "confidential"})


def is_public(access_rights: str | None) -> bool:
    """By a term of the EU's authority table *access-right*, whatever its address. Other words restrict nothing: an
    entry stands in a public catalogue."""
    return (access_rights or "").strip().rstrip("/").rpartition("/")[2].lower() not in _NOT_PUBLIC


def parse(body: bytes) -> Page:
    """The page.

    Raises:
        FeedFault: `parse`, `too_many_values`, or `refused` where the portal says that it did not answer.
    """
    answer = parse_json(body, _answer, "an answer of CKAN's action API")
    if not answer.success or answer.result is None:
        raise FeedFault(
            "refused", f"the portal did not answer the question: {shown(answer.error or 'it said nothing')}"
        )
    packages, rejects = parse_items(answer.result.results, _package, "results")
    return Page(answer.result.count, len(answer.result.results), packages, rejects)
