"""The asset register: in which Stadtbezirk each lamp, bin and gauge stands.

A CSV of `asset;borough` with a heading, UTF-8, from a file or over HTTP; its version is the hash of what it says.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import structlog

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.download import NotModified, download
from cityhub.sdk.event import is_borough

EVERY = timedelta(minutes=15)
_HEADING = ["asset", "borough"]
_log = structlog.get_logger()


class Register:
    """Args:
    url: `file:///…` or `http(s)://…`; "" = there is none, and no asset has a borough.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._url = url
        self._clock = clock
        self._etag: str | None = None
        self._due: datetime | None = None
        self._reading: asyncio.Task[None] | None = None
        self.stand: tuple[Mapping[str, str], str] = ({}, "")
        """Boroughs by asset, `STB01` … `STB07`, and the version that says so; both change at once."""

    @property
    def version(self) -> str:
        """Of what was read last, "" before."""
        return self.stand[1]

    def borough(self, asset: str) -> str:
        """ "" where the register does not know the asset."""
        return self.stand[0].get(asset, "")

    async def ready(self) -> None:
        """Read it, and again every quarter of an hour; what was read stands while it cannot be read again.

        All who ask meanwhile wait for the same answer.

        Raises:
            FeedFault: it was never read yet.
        """
        now = self._clock()
        if not self._url or (self._due is not None and now < self._due):
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._refresh(now))
        await asyncio.shield(self._reading)

    async def _refresh(self, now: datetime) -> None:
        try:
            await self._read()
        except FeedFault as fault:
            if not self.version:
                raise
            _log.warning("register_fault", error=str(fault))
        self._due = now + EVERY

    async def _read(self) -> None:
        if urlsplit(self._url).scheme == "file":
            body, etag = _file(Path(unquote(urlsplit(self._url).path))), None
        else:
            got = await download(self._http, self._url, params={}, etag=self._etag, accept=("text/csv",))
            if isinstance(got, NotModified):
                return
            body, etag = got.body, got.etag
        self.stand, self._etag = (parse(body), hashlib.sha256(body).hexdigest()[:12]), etag


def parse(body: bytes) -> dict[str, str]:
    """Boroughs by asset.

    Raises:
        FeedFault: no such CSV, or a borough that Duisburg does not have: line, value and remedy.
    """
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";", strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FeedFault("parse", f"the asset register is no CSV in UTF-8: {error}") from error
    if not rows or rows[0] != _HEADING:
        raise FeedFault("parse", f"the asset register begins with {rows[:1]}; its heading must be asset;borough")
    found: dict[str, str] = {}
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(_HEADING) or not row[0] or not is_borough(row[1]):
            raise FeedFault("parse", f"the asset register, line {line}: {row}; it must be an asset and STB01 to STB07")
        found[row[0]] = row[1]
    return found


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FeedFault("unreachable", f"the asset register {path} cannot be read: {error.strerror}") from error
