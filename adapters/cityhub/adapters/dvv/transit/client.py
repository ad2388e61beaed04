"""What is asked of a control centre; how one is asked that speaks VDV-454 as JSON.

`GET {base}/vdv454/aus?seit=…` and `GET {base}/vdv454/ref-aus?Betriebstag=…`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import httpx
from msgspec import Struct

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.kit.download import NotModified, download
from cityhub.adapters.kit.reject import Reject

REFERENCE_BYTES = 64 * 1024 * 1024
"""REF-AUS is a whole operating day in one answer."""


class Reported(Struct, frozen=True, kw_only=True):
    """What was said of vehicles: the trips that are well formed, the others.

    Attributes:
        answered_at: the partner's clock. cursor: of the next question, "" where none is named.
        more: further data are waiting. synthetic: a simulation says so.
        noted: what is neither a trip nor a reject.
    """

    answered_at: datetime
    trips: Sequence[wire.ActualTrip]
    rejects: Sequence[Reject]
    cursor: str = ""
    more: bool = False
    synthetic: bool = False
    etag: str | None = None
    noted: Counter[str] = Counter()


class Referenced(Struct, frozen=True):
    """A timetable, as `Reported`."""

    trips: Sequence[wire.PlannedTrip]
    rejects: Sequence[Reject]
    etag: str | None = None


class Client(Protocol):
    """A control centre, whatever it speaks.

    Raises:
        FeedFault: from both methods, see `download` and the parsers.
    """

    async def actual(self, cursor: str, etag: str | None) -> Reported | NotModified:
        """What was reported since `cursor`; an empty one asks for all the partner still has."""

    async def reference(self, day: date, etag: str | None) -> Referenced | NotModified:
        """The timetable of an operating day."""


class JsonClient(Client):
    """One control centre.

    Args:
        base_url: its address without trailing slash, e.g. `http://127.0.0.1:18090`.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url

    async def actual(self, cursor: str, etag: str | None) -> Reported | NotModified:
        """See `Client`."""
        params = {"seit": cursor} if cursor else {}
        got = await download(self._http, f"{self._base_url}/vdv454/aus", params=params, etag=etag)
        if isinstance(got, NotModified):
            return got
        answer = wire.parse_answer(got.body)
        trips, rejects = wire.parse_actual(answer.actual)
        return Reported(
            answered_at=answer.confirmation.created,
            trips=trips,
            rejects=rejects,
            cursor=answer.cursor or "",
            more=wire.is_set(answer.more),
            synthetic=wire.is_set(answer.simulation),
            etag=got.etag,
        )

    async def reference(self, day: date, etag: str | None) -> Referenced | NotModified:
        """See `Client`."""
        url, params = f"{self._base_url}/vdv454/ref-aus", {"Betriebstag": day.isoformat()}
        got = await download(self._http, url, params=params, etag=etag, max_bytes=REFERENCE_BYTES)
        if isinstance(got, NotModified):
            return got
        return Referenced(*wire.parse_planned(wire.parse_answer(got.body).planned), got.etag)
