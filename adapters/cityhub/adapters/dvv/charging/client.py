"""Asking the operator's platform: `GET {base}/locations?date_from=…`, page by page."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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
    """Attributes: newest: `last_updated` that was seen. page: what the partner wants to be asked next, if anything."""

    newest: str = ""
    page: Mapping[str, str] = {}
    etag: str | None = None
    synthetic: bool = False


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
        since = {"date_from": was.newest} if was.newest else {}
        asked = was.page or {"limit": _LIMIT} | since
        got = await download(
            self._tools.http,
            f"{self._link.url}/locations",
            params=asked,
            etag=was.etag,
            secret=self._token,
            scheme="Token",
        )
        if isinstance(got, NotModified):
            return Reading(as_of=got.answered_at or self._tools.clock(), synthetic=was.synthetic)
        reading = read(got.body, known.memory, self._tools.clock())
        page = _page(got.next_page)
        more = bool(page) and page != asked
        newest = max(was.newest, reading.cursor or "")
        same = not more and not was.page and newest == was.newest
        now_at = _Position(newest, page if more else {}, got.etag if same else None, got.synthetic)
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
