"""`cityhub dead-letters`: refused records of a running hub, for its operator."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from cityhub.adapters.doors.http import Refused
from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.doors.redrive import Redrive
from cityhub.adapters.doors.wishes import Report, Who
from cityhub.api.partner import asking, shown
from cityhub.bus.audit_trail import AuditTrail
from cityhub.bus.letters import LetterBox
from cityhub.bus.publisher import RecordPublisher
from cityhub.hub.access import kafka_access
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.partner import check_name
from cityhub.hub.commands.proof import content_of, instant_of
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings
from cityhub.sdk.contract import load_contracts

_PLACE = re.compile(r"([0-9]{1,4})/([0-9]{1,18})")
_SHOWN_TEXT = 60
_T = TypeVar("_T")


class _Desk(NamedTuple):
    box: LetterBox
    redrive: Redrive


def listing_of(since: str, until: str, reason: str, type_: str, *, first: int, before: int | None) -> asking.Listing:
    """What is to be listed.

    Raises:
        Misconfigured: a time that is none.
    """
    return asking.Listing(
        since=_instant("--since", since),
        until=_instant("--until", until),
        reason=reason,
        type=type_,
        first=first,
        before=before,
    )


def redriving_of(
    letters: Sequence[str],
    since: str,
    until: str,
    reason: str,
    type_: str,
    *,
    most: int,
    edit: Path | None,
    dry_run: bool,
) -> asking.Redriving:
    """What is to be driven in.

    Raises:
        Misconfigured: a letter, a time or the edit is none, or nothing is named.
    """
    asked = asking.Redriving(
        letters=tuple(asking.Letter(*_place(letter)) for letter in letters),
        since=_instant("--since", since),
        until=_instant("--until", until),
        reason=reason,
        type=type_,
        max=most,
        dry_run=dry_run,
        edit=None if edit is None else _edit(edit),
    )
    try:
        asked.wish()
    except Refused as refused:
        raise Misconfigured(str(refused)) from refused
    return asked


def listing(settings: Settings, partner: str, asked: asking.Listing, *, as_json: bool) -> int:
    """How many of which kind, and the newest."""
    check_name(partner)
    found = _at_desk(settings, lambda desk: shown.listed(desk.box, desk.redrive, partner, asked))
    if as_json:
        show(_json(found))
        return 0
    counts = ", ".join(f"{count} {state}" for state, count in sorted(found.counts.items()))
    show(f"{partner}: {counts or 'no dead letters'}")
    if found.letters:
        stacks = [(one.stream, one.reason, one.day, str(one.count)) for one in found.histogram]
        show(table(("STREAM", "REASON", "DAY", "LETTERS"), stacks))
        show("")
        show(
            table(("LETTER", "SINCE (UTC)", "REASON", "STATE", "EVENT", "ERROR"), [_row(one) for one in found.letters])
        )
    if found.more:
        show(f"there are more: --before {found.letters[-1]['offset']}" if found.letters else "there are more: --since")
    return 0


def show_one(settings: Settings, partner: str, letter: str, *, as_json: bool) -> int:
    """One letter; 1 when there is none."""
    check_name(partner)
    part, offset = _place(letter)
    try:
        found = _at_desk(settings, lambda desk: shown.whole(desk.box, desk.redrive, partner, part, offset))
    except Refused as refused:
        show(str(refused))
        return 1
    if as_json:
        show(_json(found))
        return 0
    lines = [(name, _text(value)) for name, value in found.items() if name not in {"event", "body"} and value != ""]
    show(table(("", ""), lines).strip("\n"))
    show(_json(found.get("event", found.get("body"))))
    return 0


def redrive(settings: Settings, partner: str, asked: asking.Redriving, *, who: str, as_json: bool) -> int:
    """Drive letters in; 1 when none was, or would be.

    Raises:
        Misconfigured: nobody.
    """
    check_name(partner)
    if not who.strip():
        raise Misconfigured("--by: say who decides; the audit trail keeps it")
    by = Who(who.strip(), "hub")
    found = _at_desk(settings, lambda desk: desk.redrive.run(by, partner, asked.wish(), dry_run=asked.dry_run))
    show(_json(found) if as_json else _told(found))
    return 0 if found.counts.keys() & {"redriven", "would_redrive"} else 1


def _told(found: Report) -> str:
    rows = [(f"{one.part}/{one.offset}", one.status, one.id, _one_line(one.detail)) for one in found.results]
    counts = ", ".join(f"{count} {status}" for status, count in sorted(found.counts.items()))
    lines = [table(("LETTER", "STATUS", "EVENT", "WHY NOT"), rows), counts or "no such letters"]
    if found.more:
        lines.append("there are more: run the same again; what lies far back is reached with --until")
    return "\n".join(lines)


def _row(letter: Any) -> tuple[str, ...]:
    since = letter["appended"][:19].replace("T", " ")
    place = f"{letter['part']}/{letter['offset']}"
    return place, since, letter["reason"], letter["state"], letter["id"] or "–", _one_line(letter["error"])


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_TEXT else f"{line[:_SHOWN_TEXT]}…"


def _at_desk(settings: Settings, work: Callable[[_Desk], Awaitable[_T]]) -> _T:
    async def done() -> _T:
        async with _desk(settings) as desk:
            return await work(desk)

    return asyncio.run(done())


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[_Desk]:
    access = kafka_access(settings, load(settings.data))
    async with RecordPublisher(access, client_id="cityhub-letters") as writer:
        box = LetterBox(access)
        yield _Desk(box, Redrive(box, AuditTrail(access, writer), writer, load_contracts(), lambda: datetime.now(UTC)))


def _instant(option: str, text: str) -> datetime | None:
    return instant_of(option, text) if text else None


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Misconfigured(f"{text!r} is no letter: write PART/OFFSET, as `cityhub dead-letters list` prints it")
    return int(found[1]), int(found[2])


def _edit(file: Path) -> Edit:
    try:
        return msgspec.json.decode(content_of(file), type=Edit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Misconfigured(f'{file} is no edit such as {{"merge": {{"fill": 0.5}}}}: {error}') from error


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _json(answer: object) -> str:
    return msgspec.json.format(msgspec.json.encode(answer)).decode()
