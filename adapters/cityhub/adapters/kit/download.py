"""Fetching one document from a partner without trusting its answer.

Source of the rules: RFC 9110 (validators, content negotiation), docs/adapters/dvv-transit.md. The size is bounded while
the body arrives, compressed bodies are refused unread (we never ask for one), redirects are not followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import httpx
from msgspec import Struct

from cityhub.adapters.errors import CursorExpired, FeedFault, said

MAX_BYTES = 16 * 1024 * 1024
DEADLINE_S = 60.0
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_GONE = 410
_MODIFIED = "modified:"
_CONNECTING, _SENDING = "connection.connect_tcp.started", "http11.send_request_headers.started"
"""Steps of a request, as httpcore names them."""

JSON = ("application/json",)
SIMULATION = "cityhub-simulation"
"""Header with which a simulation says that it is one."""


class Document(Struct, frozen=True):
    """A body of an accepted type, not parsed yet.

    Attributes:
        etag: the partner's validator, or `modified:` and its Last-Modified; None where it gives neither.
        answered_at: the partner's clock where it tells it (header Date). synthetic: it says that it is a simulation.
        next_page: address of the next page (RFC 8288, Link), "" where there is none; it is the partner's word.
    """

    body: bytes
    etag: str | None
    answered_at: datetime | None = None
    synthetic: bool = False
    next_page: str = ""


class NotModified(Struct, frozen=True):
    """Nothing new since the given ETag; `answered_at` is the partner's clock where it tells it (header Date)."""

    answered_at: datetime | None


async def download(
    http: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str],
    etag: str | None,
    accept: tuple[str, ...] = JSON,
    secret: str = "",
    scheme: str = "Bearer",
    posted: bytes = b"",
    posted_as: str = JSON[0],
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
) -> Document | NotModified:
    """One bounded GET, or POST: a question either way, that may be asked twice.

    Args:
        etag: of the last `Document` from there.
        accept: media types that are taken; text must be in UTF-8 unless it is XML, which says so itself.
        secret: token, "" for none. scheme: before it, in the header Authorization.
        posted: body of a POST, empty for a GET. posted_as: its media type.

    Raises:
        CursorExpired: the partner answered 410 Gone.
        FeedFault: `unreachable`, `timeout`, `incomplete`, `http_status`, `content_type`, `content_encoding` or
            `too_large`.
    """
    headers = {"accept": ", ".join(accept), "accept-encoding": "identity"} | _condition(etag) | _login(scheme, secret)
    headers |= {"content-type": posted_as} if posted else {}
    method, content = ("POST", posted) if posted else ("GET", None)
    with _faults(url, deadline_s):
        request = http.build_request(method, url, params=params, headers=headers, content=content, timeout=_TIMEOUT)
        async with asyncio.timeout(deadline_s), _sent(http, request) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED and etag:
                return NotModified(_clock_of(answer))
            _check_head(answer, url, accept)
            body = await _bounded(answer, url, max_bytes)
            next_page = answer.links.get("next", {}).get("url", "")
            return Document(body, _validator(answer), _clock_of(answer), SIMULATION in answer.headers, next_page)


@asynccontextmanager
async def _sent(http: httpx.AsyncClient, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    answer = await _answered(http, request)
    try:
        yield answer
    finally:
        await answer.aclose()


async def _answered(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The head of the answer. Where a kept connection turns out to be closed, the same is asked over the next one: each
    is given up then, so that in the end it is a new one, whose failure counts (RFC 9110, 9.2.2)."""
    while True:
        steps: set[str] = set()

        async def note(step: str, _: object, steps: set[str] = steps) -> None:
            steps.add(step)

        request.extensions["trace"] = note
        try:
            return await http.send(request, stream=True, follow_redirects=False)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if _SENDING not in steps or _CONNECTING in steps:
                raise


@contextmanager
def _faults(url: str, deadline_s: float) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise FeedFault("timeout", f"{url} did not answer within {deadline_s:g} s") from error
    except httpx.RemoteProtocolError as error:
        raise FeedFault("incomplete", f"the answer of {url} broke off or is no HTTP: {said(error)}") from error
    except httpx.InvalidURL as error:
        raise FeedFault("unreachable", f"{url[:200]!r} is no address: {said(error)}") from error
    except httpx.HTTPError as error:
        raise FeedFault("unreachable", f"{url} cannot be reached: {said(error)}") from error


def _login(scheme: str, secret: str) -> dict[str, str]:
    return {"authorization": f"{scheme} {secret}"} if secret else {}


def _condition(etag: str | None) -> dict[str, str]:
    if etag is None:
        return {}
    modified = etag.removeprefix(_MODIFIED)
    return {"if-none-match": etag} if modified == etag else {"if-modified-since": modified}


def _validator(answer: httpx.Response) -> str | None:
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    return etag or (f"{_MODIFIED}{modified}" if modified else None)


def _check_head(answer: httpx.Response, url: str, accept: tuple[str, ...]) -> None:
    if answer.status_code == _GONE:
        raise CursorExpired("cursor_expired", f"{url} no longer knows our position (HTTP 410)")
    if answer.status_code != httpx.codes.OK:
        raise FeedFault("http_status", f"{url} answered HTTP {answer.status_code}, expected 200")
    encoding = answer.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise FeedFault("content_encoding", f"{url} answered {encoding[:40]!r} although only identity was asked for")
    declared = Message()
    declared["content-type"] = answer.headers.get("content-type", "")
    # VDV-453 writes `text/xml Charset="utf-8"`, without a semicolon
    kind, charset = declared.get_content_type().split()[0], declared.get_content_charset("utf-8")
    if kind not in accept or (charset not in ("utf-8", "us-ascii") and not kind.endswith("xml")):
        raise FeedFault(
            "content_type", f"{url} answered {declared['content-type'][:80]!r}, expected {' or '.join(accept)} in UTF-8"
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
