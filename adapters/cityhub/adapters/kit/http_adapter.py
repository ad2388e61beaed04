"""A source that is asked over HTTP: one GET or POST per question, whatever the format."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.download import JSON, MAX_BYTES, NotModified, download
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.reject import with_items
from cityhub.adapters.kit.source import Source


class Question(Struct, frozen=True):
    """What is asked for.

    Attributes:
        path: below the partner's address, "" or beginning with a slash.
        body: JSON that is posted, such as a query in GraphQL; empty for a GET.
    """

    path: str = ""
    params: Mapping[str, str] = {}
    body: bytes = b""


Ask: TypeAlias = Callable[[str], Question]
"""The question to a cursor, "" at first."""
Read: TypeAlias = Callable[[bytes, Mapping[str, bytes], datetime], Reading]
"""What an answer says: body, memory, the adapter's clock. Raises FeedFault `parse` where it is unusable as a whole.
It runs in a thread, so that a long answer holds up nobody else."""
ReadPage: TypeAlias = Callable[[str, bytes, Mapping[str, bytes], datetime], Reading]
"""As `Read`, and first the cursor to which this is the answer."""


class _Position(Struct, frozen=True, array_like=True):
    """Where the source was read up to: the mapping's cursor, the validator of the last answer to it, and whether that
    was a simulation's."""

    cursor: str = ""
    etag: str | None = None
    synthetic: bool = False


class HttpAdapter(Adapter):
    """Asks, and reads what is new: an answer that the partner or its validator calls unchanged is not read again.

    Args:
        ask: makes questions of cursors. read: the mapping.
        accept: media types of an answer.
    """

    def __init__(
        self,
        source: Source,
        link: Link,
        tools: Tools,
        *,
        read: Read,
        ask: Ask = lambda _: Question(),
        accept: tuple[str, ...] = JSON,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._source = source
        self._link = link
        self._tools = tools
        self._question = ask
        self._read = read
        self._accept = accept
        self._max_bytes = max_bytes

    @property
    def source(self) -> Source:
        return self._source

    async def ask(self, known: Known) -> Reading:
        was = _decode(known.cursor) if known.cursor else _Position()
        question = self._question(was.cursor)
        got = await download(
            self._tools.http,
            f"{self._link.url}{question.path}",
            params=question.params,
            etag=None if question.body else was.etag,
            accept=self._accept,
            secret=self._link.secret,
            posted=question.body,
            max_bytes=self._max_bytes,
        )
        if isinstance(got, NotModified):
            return Reading(as_of=got.answered_at or self._tools.clock(), synthetic=was.synthetic)
        read = self._mapping(was.cursor)
        reading = await asyncio.to_thread(read, got.body, known.memory, self._tools.clock())
        cursor = was.cursor if reading.cursor is None else reading.cursor
        now_at = _Position(cursor, got.etag if cursor == was.cursor else None, got.synthetic)
        rejects = await asyncio.to_thread(with_items, reading.rejects, got.body) if reading.rejects else ()
        return replace(
            reading,
            rejects=rejects,
            cursor=_encode(now_at).decode(),
            more=reading.more and cursor != was.cursor,
            as_of=reading.as_of or (None if reading.more else got.answered_at),
            synthetic=got.synthetic,
        )

    def _mapping(self, _: str) -> Read:
        return self._read


class PagedAdapter(HttpAdapter):
    """Asks for page after page; what a page means follows from the question.

    Args:
        read: the mapping, which goes on with the cursor alone: when a partner has forgotten it, all begins anew.
    """

    def __init__(
        self,
        source: Source,
        link: Link,
        tools: Tools,
        *,
        read: ReadPage,
        ask: Ask,
        accept: tuple[str, ...] = JSON,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        super().__init__(source, link, tools, read=partial(read, ""), ask=ask, accept=accept, max_bytes=max_bytes)
        self._read_page = read

    def _mapping(self, cursor: str) -> Read:
        return partial(self._read_page, cursor)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Position).decode
