"""Asking for a timetable (GTFS, a zip) and what vehicles do (GTFS Realtime TripUpdates): one GET each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import httpx
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.dvv.transit.client import Client, Referenced, Reported
from cityhub.adapters.dvv.transit.gtfs import parse_gtfs
from cityhub.adapters.dvv.transit.gtfs_rt import MAX_BYTES, parse_updates
from cityhub.adapters.dvv.transit.source import ControlCentre
from cityhub.adapters.dvv.transit.timetable import Timetable
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.download import Document, NotModified, download
from cityhub.adapters.kit.local_time import LOCAL

MAX_ZIP_BYTES = 128 * 1024 * 1024
"""Larger than the VRR's; the national timetable must be cut to the region first."""
ZIP_DEADLINE_S = 600.0
ASKED_EVERY = timedelta(minutes=10)
"""Less than the pause between two questions for a timetable, so that all days share one."""
_ZIP = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
_PROTOBUF = ("application/x-protobuf", "application/protobuf", "application/x-google-protobuf", _ZIP[-1])


class _Loaded(Struct):
    """Attributes: asked_at: when it was last seen to be the newest. told: its rejects were handed over."""

    timetable: Timetable
    etag: str | None
    asked_at: datetime
    told: bool = False


class GtfsClient(Client):
    """A timetable and its updates. Of the timetable the days around today are kept in memory, of the wanted agencies.

    Args:
        clock: ours.
    """

    def __init__(self, http: httpx.AsyncClient, centre: ControlCentre, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._centre = centre
        self._clock = clock
        self._loaded: _Loaded | None = None

    async def actual(self, cursor: str, etag: str | None) -> Reported | NotModified:
        """All there is, always; without a timetable of today it says nothing.

        What has not changed tells nothing of the clock either: that is the message's own.
        """
        loaded, now = self._loaded, self._clock()
        if loaded is None or now.astimezone(LOCAL).date() not in loaded.timetable.services:
            loaded, etag = await self._load(now), None
        url = self._centre.trip_updates_url
        got = await download(self._http, url, params={}, etag=etag, accept=_PROTOBUF, max_bytes=MAX_BYTES)
        if isinstance(got, NotModified):
            return NotModified(None)
        whole = not self._centre.agencies
        said = await asyncio.to_thread(parse_updates, got.body, loaded.timetable, got.answered_at, whole=whole)
        read = replace(loaded.timetable, rejects=(), noted=Counter()) if loaded.told else loaded.timetable
        loaded.told = True
        return Reported(
            answered_at=said.created,
            trips=said.trips,
            rejects=[*read.rejects, *said.rejects],
            synthetic=got.synthetic,
            etag=got.etag,
            noted=said.noted + read.noted,
        )

    async def reference(self, day: date, etag: str | None) -> Referenced | NotModified:
        """The timetable of a day around today; of another one nothing is known."""
        loaded, now = self._loaded, self._clock()
        if loaded is None or loaded.asked_at + ASKED_EVERY <= now:
            loaded = await self._load(now)
        if day not in loaded.timetable.services or (etag and etag == loaded.etag):
            return NotModified(None)
        return Referenced(await asyncio.to_thread(loaded.timetable.planned, day), (), loaded.etag)

    async def _load(self, now: datetime) -> _Loaded:
        """Asked for again it comes only when it is another one, or the day is."""
        today = now.astimezone(LOCAL).date()
        days = [today + timedelta(days=ahead) for ahead in (-1, 0, 1)]
        known = self._loaded if self._loaded and {*days} == {*self._loaded.timetable.services} else None
        got = await download(
            self._http,
            self._centre.url,
            params={},
            etag=known.etag if known else None,
            accept=_ZIP,
            max_bytes=MAX_ZIP_BYTES,
            deadline_s=ZIP_DEADLINE_S,
        )
        if isinstance(got, Document):
            timetable = await asyncio.to_thread(parse_gtfs, got.body, days, self._centre.agencies)
            known = _Loaded(timetable, got.etag, now)
        elif known is None:
            raise FeedFault("http_status", f"{self._centre.url} answered HTTP 304, although nothing was asked of it")
        known.asked_at = now
        self._loaded = known
        return known
