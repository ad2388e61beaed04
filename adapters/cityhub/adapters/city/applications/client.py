"""Asking for the event log, and for the keys when a token is signed with one that is not known yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from cityhub.adapters.city.applications.keys import Keys, read_keys
from cityhub.adapters.city.applications.mapping import read
from cityhub.adapters.city.applications.source import CITY_APPLICATIONS
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.download import JSON, Document, download
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question
from cityhub.adapters.kit.source import Source

KEYS_FOR = timedelta(hours=1)
"""A key that was taken back counts no longer than this."""
_JWKS = ("application/jwk-set+json", *JSON)


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return ApplicationsAdapter(link, tools)


class ApplicationsAdapter(Adapter):
    """See `connect`."""

    def __init__(self, link: Link, tools: Tools) -> None:
        self._link = link
        self._tools = tools
        self._keys: Keys = {}
        self._keys_at: datetime | None = None
        self._log = HttpAdapter(
            CITY_APPLICATIONS, link, tools, read=lambda body, *_: read(body, self._keys), ask=_question
        )

    @property
    def source(self) -> Source:
        return CITY_APPLICATIONS

    async def ask(self, known: Known) -> Reading:
        fresh = self._keys_at is not None and self._tools.clock() - self._keys_at < KEYS_FOR
        if not fresh:
            await self._ask_for_keys()
        reading = await self._log.ask(known)
        if fresh and any(reject.reason == "unknown_key" for reject in reading.rejects):
            await self._ask_for_keys()
            reading = await self._log.ask(known)
        return reading

    async def _ask_for_keys(self) -> None:
        url = f"{self._link.url}/.well-known/jwks.json"
        got = await download(self._tools.http, url, params={}, etag=None, accept=_JWKS, secret=self._link.secret)
        if isinstance(got, Document):
            self._keys, self._keys_at = read_keys(got.body), self._tools.clock()


def _question(cursor: str) -> Question:
    return Question("/events", {"after": cursor} if cursor else {})
