"""Fetching one JSON document from a partner without trusting its answer.

Source of the rules: RFC 9110 (validators, content negotiation), docs/adapters/dvv-transit.md. The size is bounded while
the body arrives, compressed bodies are refused unread (we never ask for one), redirects are not followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import httpx
from msgspec import Struct

from cityhub.adapters.errors import CursorExpired, FeedFault

MAX_BYTES = 16 * 1024 * 1024
DEADLINE_S = 60.0
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_GONE = 410


class Document(Struct, frozen=True):
    """A body of type application/json, not parsed yet. `etag` is None where the partner gives none."""

    body: bytes
    etag: str | None


class NotModified(Struct, frozen=True):
    """Nothing new since the given ETag; `answered_at` is the partner's clock where it tells it (header Date)."""

    answered_at: datetime | None


async def download(
    http: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str],
    etag: str | None,
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
) -> Document | NotModified:
    """One bounded GET.

    Raises:
        CursorExpired: the partner answered 410 Gone.
        FeedFault: `unreachable`, `timeout`, `incomplete`, `http_status`, `content_type`, `content_encoding` or
            `too_large`.
    """
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    if etag:
        headers["if-none-match"] = etag
    try:
        async with (
            asyncio.timeout(deadline_s),
            http.stream("GET", url, params=params, headers=headers, timeout=_TIMEOUT, follow_redirects=False) as answer,
        ):
            if answer.status_code == httpx.codes.NOT_MODIFIED and etag:
                return NotModified(_clock_of(answer))
            _check_head(answer, url)
            return Document(await _bounded(answer, url, max_bytes), answer.headers.get("etag"))
    except (TimeoutError, httpx.TimeoutException) as error:
        raise FeedFault("timeout", f"{url} did not answer within {deadline_s:g} s") from error
    except httpx.RemoteProtocolError as error:
        raise FeedFault("incomplete", f"the answer of {url} broke off or is no HTTP: {error}") from error
    except httpx.HTTPError as error:
        raise FeedFault("unreachable", f"{url} cannot be reached: {error or type(error).__name__}") from error


def _check_head(answer: httpx.Response, url: str) -> None:
    if answer.status_code == _GONE:
        raise CursorExpired("cursor_expired", f"{url} no longer knows our position (HTTP 410)")
    if answer.status_code != httpx.codes.OK:
        raise FeedFault("http_status", f"{url} answered HTTP {answer.status_code}, expected 200")
    encoding = answer.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise FeedFault("content_encoding", f"{url} answered {encoding[:40]!r} although only identity was asked for")
    declared = Message()
    declared["content-type"] = answer.headers.get("content-type", "")
    charset = declared.get_content_charset("utf-8")
    if declared.get_content_type() != "application/json" or charset not in ("utf-8", "us-ascii"):
        raise FeedFault(
            "content_type", f"{url} answered {declared['content-type'][:80]!r}, expected application/json in UTF-8"
        )


async def _bounded(answer: httpx.Response, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise FeedFault("too_large", f"{url} answered more than {max_bytes} bytes; the rest was not read")
    return bytes(body)


def _clock_of(answer: httpx.Response) -> datetime | None:
    dates = answer.headers.get_list("date")
    try:
        return parsedate_to_datetime(dates[-1]).astimezone(UTC) if dates else None
    except ValueError:
        return None
