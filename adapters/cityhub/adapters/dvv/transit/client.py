"""Asking the control centre: `GET {base}/vdv454/aus?seit=…` and `GET {base}/vdv454/ref-aus?Betriebstag=…`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import httpx
from msgspec import Struct

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.kit.download import NotModified, download
from cityhub.adapters.kit.reject import Reject

REFERENCE_BYTES = 64 * 1024 * 1024
"""REF-AUS is a whole operating day in one answer."""


class Reported(Struct, frozen=True):
    """An answer of AUS: the envelope, the trips that are well formed, the others."""

    answer: wire.Answer
    trips: Sequence[wire.ActualTrip]
    rejects: Sequence[Reject]
    etag: str | None


class Referenced(Struct, frozen=True):
    """An answer of REF-AUS, as `Reported`."""

    answer: wire.Answer
    trips: Sequence[wire.PlannedTrip]
    rejects: Sequence[Reject]
    etag: str | None


class TransitClient:
    """One control centre.

    Args:
        base_url: its address without trailing slash, e.g. `http://127.0.0.1:18090`.

    Raises:
        FeedFault: from both methods, see `download` and `wire.parse_answer`.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url

    async def actual(self, cursor: str, etag: str | None) -> Reported | NotModified:
        """What was reported since `cursor`; an empty one asks for all the partner still has."""
        params = {"seit": cursor} if cursor else {}
        got = await download(self._http, f"{self._base_url}/vdv454/aus", params=params, etag=etag)
        if isinstance(got, NotModified):
            return got
        answer = wire.parse_answer(got.body)
        return Reported(answer, *wire.parse_actual(answer.actual), got.etag)

    async def reference(self, day: date, etag: str | None) -> Referenced | NotModified:
        """The timetable of an operating day."""
        url, params = f"{self._base_url}/vdv454/ref-aus", {"Betriebstag": day.isoformat()}
        got = await download(self._http, url, params=params, etag=etag, max_bytes=REFERENCE_BYTES)
        if isinstance(got, NotModified):
            return got
        answer = wire.parse_answer(got.body)
        return Referenced(answer, *wire.parse_planned(answer.planned), got.etag)
