"""A catalogue in Project Open Data 1.1 as DKAN writes it: its shape, nothing else. Contact points are never read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.city.datasets.entry import Entry, instant
from cityhub.adapters.city.datasets.frequency import is_interval, period
from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

Day: TypeAlias = str
"""A date, or date and time, of ISO 8601; of `modified` also a repeating interval such as `R/P1D`."""


class Dataset(Struct, frozen=True):
    """An entry. Attributes: changed = when the record was changed last, which only DKAN tells."""

    identifier: Annotated[str, Meta(min_length=1, max_length=120)]
    access: Literal["public", "restricted public", "non-public"] = field(name="accessLevel")
    changed: Day | None = field(name="%modified", default=None)
    issued: Day | None = None
    modified: Day | None = None
    periodicity: str | None = field(name="accrualPeriodicity", default=None)
    license: str | None = None

    def entry(self) -> Entry:
        """Raises: ValueError: a date or a period is none."""
        continuous = self.modified is not None and is_interval(self.modified)
        return Entry(
            identifier=self.identifier,
            public=self.access == "public",
            changed=instant("%modified", self.changed),
            issued=instant("issued", self.issued),
            modified=None if continuous else instant("modified", self.modified),
            continuous=continuous,
            period=period(self.periodicity),
            licences=(self.license,) if self.license else (),
        )


class Catalogue(Struct, frozen=True):
    """An answer."""

    dataset: tuple[Raw, ...]


_catalogue = msgspec.json.Decoder(Catalogue)
_dataset = msgspec.json.Decoder(Dataset)


def parse(body: bytes) -> tuple[list[tuple[str, Dataset]], list[Reject]]:
    """The well-formed entries with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    catalogue = parse_json(body, _catalogue, "a catalogue of Project Open Data 1.1")
    return parse_items(catalogue.dataset, _dataset, "dataset")
