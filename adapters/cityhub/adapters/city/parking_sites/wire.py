"""What is said of car parks, whatever the form: `datex` and `table` read it, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from cityhub.adapters.formats.json_items import Id, Instant
from cityhub.adapters.kit.reject import Reject

Spaces: TypeAlias = Annotated[int, Meta(ge=0)]
Text: TypeAlias = Annotated[str, Meta(max_length=200)]


class Site(Struct, frozen=True, kw_only=True):
    """A car park. Attributes: capacity: spaces that it has. since: when its record became so."""

    id: Id
    name: Text | None = None
    capacity: Spaces | None = None
    latitude: float | None = None
    longitude: float | None = None
    since: Instant | None = None


class Status(Struct, frozen=True, kw_only=True):
    """How full a car park is.

    Attributes:
        at: when it was so. capacity: spaces offered at present, where they are others than it has.
        state: code of whether it is open, in the form's own words.
    """

    id: Id
    at: Instant
    capacity: Spaces | None = None
    free: Spaces | None = None
    occupied: Spaces | None = None
    state: str | None = None


class Parking(Struct, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        at: the partner's clock, None where the form has none. sites, statuses: with their paths.
        whole: there are no other car parks than these. status: it says how full they are.
    """

    at: datetime | None
    sites: Sequence[tuple[str, Site]]
    statuses: Sequence[tuple[str, Status]]
    rejects: Sequence[Reject]
    noted: Counter[str]
    whole: bool
    status: bool
