"""A publication of roadworks, whatever its form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from cityhub.adapters.kit.reject import Reject

Mode: TypeAlias = Literal["car", "transit", "bike", "foot"]


class Site(Struct, frozen=True, kw_only=True):
    """Roadworks as one version of their record tells of them.

    Attributes:
        version: of the record. changed: when it became so.
        announced: when the record was first published, None where it does not say.
        active: it is said to have begun; else it begins when its time comes.
        over: done or cancelled. ended_at: when they were done, None where nobody says.
        first_end: end of the works as the first version had it, None where this record does not say.
        borough: `STB01` … `STB07`, "" where it is not said.
        owner: who builds, "" where it is whose feed it is.
        path: where in the answer it stands.
    """

    id: str
    version: str
    changed: datetime
    announced: datetime | None
    start: datetime
    end: datetime
    lat: float
    lon: float
    mode: Mode
    active: bool = False
    over: bool = False
    ended_at: datetime | None = None
    first_end: datetime | None = None
    borough: str = ""
    owner: str = ""
    path: str = ""


class Publication(Struct, frozen=True, kw_only=True):
    """All that an owner says at an instant.

    Attributes:
        at: the instant. sites: by id.
        whole: what is not in it is over; else it tells of some sites only.
        refused: ids of records that were refused: nobody knows more of them than before.
        elsewhere: how many sites were left out because they are not in the city: an answer with these is not empty.
    """

    at: datetime
    whole: bool
    sites: Mapping[str, Site]
    refused: frozenset[str]
    rejects: Sequence[Reject]
    noted: Counter[str]
    elsewhere: int = 0

    @property
    def judges_absence(self) -> bool:
        """Whether what is not in it is over; an empty one is taken for a fault."""
        return self.whole and bool(self.sites or self.elsewhere)
