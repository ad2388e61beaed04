"""What requests about dead letters say, read strictly."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.datastructures import QueryParams

from cityhub.adapters.doors.http import Refused
from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.doors.wishes import MOST, Wish
from cityhub.bus.log_span import Span

Asked = TypeVar("Asked")
Place = Annotated[int, Meta(ge=0, lt=1 << 62)]
Instant = Annotated[datetime, Meta(tz=True)]


class Listing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of letters, newest first.

    Attributes:
        since, until: when they became letters. reason, type: only these.
        first: how many. before: an offset, for the next page. partner: only for operators.
    """

    since: Instant | None = None
    until: Instant | None = None
    reason: str = ""
    type: str = ""
    first: Annotated[int, Meta(ge=1, le=500)] = 50
    before: Place | None = None
    partner: str = ""

    def span(self) -> Span:
        """Where they stand."""
        return Span(since=self.since, until=self.until, before=self.before)


class Letter(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a letter stands."""

    part: Place
    offset: Place


class Redriving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Letters to be driven in again: those that are named, or all that the rest describes.

    Attributes:
        max: how many events. dry_run: only say what would become of each.
    """

    letters: Annotated[tuple[Letter, ...], Meta(max_length=MOST)] = ()
    since: Instant | None = None
    until: Instant | None = None
    reason: str = ""
    type: str = ""
    max: Annotated[int, Meta(ge=1, le=MOST)] = 100
    dry_run: bool
    edit: Edit | None = None

    def wish(self) -> Wish:
        """As the redrive takes it.

        Raises:
            Refused: 400, nothing is named, or one edit for several letters.
        """
        if not (self.letters or self.since or self.until or self.reason or self.type):
            raise wrong("name letters, or describe them by since, until, reason or type")
        if self.edit is not None and len(self.letters) != 1:
            raise wrong(f"an edit is for one letter, {len(self.letters)} are named: send a request for each")
        return Wish(
            letters=tuple((one.part, one.offset) for one in self.letters),
            since=self.since,
            until=self.until,
            reason=self.reason,
            type=self.type,
            most=self.max,
            edit=self.edit,
        )


def of_query(query: QueryParams, wanted: type[Asked]) -> Asked:
    """Read a query string.

    Raises:
        Refused: 400, a parameter is unknown, given twice or wrong.
    """
    said: dict[str, Any] = dict(query)
    if len(said) < len(query.multi_items()):
        raise wrong("a parameter is given twice")
    try:
        return msgspec.convert(said, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise wrong(f"the address is not understood: {error}") from error


def of_body(body: bytes, kind: str) -> Redriving:
    """Read a request's body.

    Raises:
        Refused: 400 or 415.
    """
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type {kind[:80]!r}: send application/json")
    try:
        return msgspec.json.decode(body, type=Redriving)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(f"the body is not understood: {error}") from error


def wrong(text: str) -> Refused:
    """400."""
    return Refused(HTTPStatus.BAD_REQUEST, text)
