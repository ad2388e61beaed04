"""Dead letters as they are shown, by the API and by the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.doors.http import Refused
from cityhub.adapters.doors.past import Past
from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.api.partner.asking import Listing
from cityhub.bus.letters import Letter, Stack, histogram
from cityhub.bus.log_span import Span


class Listed(Struct, frozen=True):
    """Letters, newest first.

    Attributes:
        counts: by state. histogram: how many of which kind. Both are of all letters that were asked for.
        letters: the first page, without bytes. more: there are others, before the last of these.
    """

    partner: str
    counts: Mapping[str, int]
    histogram: Sequence[Stack]
    letters: Sequence[Mapping[str, Any]]
    more: bool


async def listed(source: Source, redrive: Redrive, partner: str, asked: Listing) -> Listed:
    """What is asked for.

    Raises:
        BusError: Kafka does not answer.
    """
    past = await redrive.past(partner)
    async with source.opened(partner, asked.span()) as pile:
        found = [
            replace(one, body=b"")
            async for one in pile.letters
            if asked.reason in {"", one.reason} and asked.type in {"", one.type}
        ]
    page = [_described(one, past) for one in found[-asked.first :][::-1]]
    counts = Counter(past.standing(one).state for one in found)
    return Listed(partner, counts, histogram(found), page, more=pile.cut or len(page) < len(found))


async def whole(source: Source, redrive: Redrive, partner: str, part: int, offset: int) -> Mapping[str, Any]:
    """All of a letter: `event`, or `body` in base64 where that is no JSON, and what would be said of it `today`.

    Raises:
        Refused: 404. BusError: Kafka does not answer.
    """
    past = await redrive.past(partner)
    async with source.opened(partner, Span(first=offset, before=offset + 1)) as pile:
        async for letter in pile.letters:
            if letter.part == part:
                why = redrive.today(letter, partner)
                today = None if why is None else {"reason": why.reason, "detail": str(why)}
                return {**_described(letter, past), **_content(letter.body), "today": today}
    raise Refused(HTTPStatus.NOT_FOUND, f"{partner} has no dead letter {part}/{offset}; they are kept 35 days")


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        return {"event": msgspec.json.decode(body)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"body": body}


def _described(letter: Letter, past: Past) -> dict[str, Any]:
    standing = past.standing(letter)
    told: dict[str, Any] = msgspec.to_builtins(letter)
    del told["body"]
    return {**told, "state": standing.state, "deed": standing.last}
