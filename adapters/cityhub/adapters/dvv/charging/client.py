"""Asking the operator's platform: `GET {base}/locations?date_from=…`, page by page, and in each hour once for all."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.dvv.charging.mapping import read
from cityhub.adapters.dvv.charging.source import DVV_CHARGING
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.download import NotModified, download
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.source import Source

_LIMIT = "500"
_PAGING = {"date_from", "date_to", "offset", "limit"}
_LONGEST = 40


class _Position(Struct, frozen=True, array_like=True):
    """Where the source was read up to.

    Attributes:
        newest: `last_updated` that was seen. page: what the partner wants to be asked next, if anything.
        hour: in which all there are was asked for last. whole: `page` is one of those; not of the
            first question, after which nothing was told before.
    """

    newest: str = ""
    page: Mapping[str, str] = {}
    etag: str | None = None
    synthetic: bool = False
    hour: datetime | None = None
    whole: bool = False


class _Locations(Adapter):
    def __init__(self, link: Link, tools: Tools) -> None:
        self._link = link
        self._tools = tools
        self._token = base64.b64encode(link.secret.encode()).decode()

    @property
    def source(self) -> Source:
        return DVV_CHARGING

    async def ask(self, known: Known) -> Reading:
        was = _decode(known.cursor) if known.cursor else _Position()
        now = self._tools.clock()
        hour = was.hour if was.page else now.replace(minute=0, second=0, microsecond=0)
        whole = was.whole if was.page else bool(was.newest) and hour != was.hour
        since = {"date_from": was.newest} if was.newest and not whole else {}
        asked = was.page or {"limit": _LIMIT} | since
        got = await download(
            self._tools.http,
            f"{self._link.url}/locations",
            params=asked,
            etag=None if whole else was.etag,
            secret=self._token,
            scheme="Token",
        )
        if isinstance(got, NotModified):
            return Reading(as_of=got.answered_at or now, synthetic=was.synthetic)
        reading = read(got.body, known.memory, now, hour if whole else None)
        page = _page(got.next_page)
        more = bool(page) and page != asked
        newest = max(was.newest, reading.cursor or "")
        same = not more and not whole and not was.page and newest == was.newest
        next_page, etag = (page, None) if more else ({}, got.etag if same else None)
        now_at = _Position(newest, next_page, etag, got.synthetic, hour, whole)
        return replace(
            reading,
            cursor=_encode(now_at).decode(),
            more=more,
            as_of=None if more else reading.as_of or got.answered_at,
            synthetic=got.synthetic,
        )


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return _Locations(link, tools)


def _page(address: str) -> dict[str, str]:
    """What the next page is asked with; where it is asked is ours to say."""
    try:
        query = parse_qsl(urlsplit(address).query, max_num_fields=20)
    except ValueError:
        return {}
    return {name: value for name, value in query if name in _PAGING and len(value) <= _LONGEST}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Position).decode
