"""What is asked of a redrive, and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.doors.mending import Edit
from cityhub.bus.letters import Letter
from cityhub.bus.log_span import Span

MOST = 1_000
"""Events that one request drives in, and letters that an answer names."""
LOOKED_AT = 100_000
"""Letters, the newest of what is described: older ones are reached by `until`."""


class Who(Struct, frozen=True):
    """Who asks, as the audit trail keeps it."""

    subject: str
    organisation: str


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be driven in.

    Attributes:
        letters: partition and offset of each; empty = all that the rest describes.
        since, until: when they became letters. reason, type: of the letters; "" = any.
        most: how many events. edit: of exactly one letter.
    """

    letters: tuple[tuple[int, int], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    type: str = ""
    most: int = 100
    edit: Edit | None = None

    def span(self) -> Span:
        """Where its letters stand."""
        span = Span(since=self.since, until=self.until, most=LOOKED_AT)
        if not self.letters:
            return span
        offsets = [offset for _, offset in self.letters]
        return replace(span, first=min(offsets), before=max(offsets) + 1)

    def takes(self, letter: Letter) -> bool:
        """Whether it is one of them."""
        named = not self.letters or (letter.part, letter.offset) in self.letters
        return named and self.reason in {"", letter.reason} and self.type in {"", letter.type}


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a letter, or would.

    Attributes:
        status: `redriven`, `would_redrive`, `already` (driven in before) or `refused`, with reason and detail.
        today: why the contract of today refuses the letter as it is, where an edit mends it.
        replay: how often its event was driven in, this time included.
        topic, partition, position: where its event stands.
    """

    part: int
    offset: int
    id: str
    status: str
    reason: str = ""
    detail: str = ""
    today: str = ""
    replay: int = 0
    topic: str = ""
    partition: int = -1
    position: int = -1


class Report(Struct, frozen=True, kw_only=True):
    """What became of all of them.

    Attributes:
        request: names it in the audit trail; "" of a dry run, which is not in it.
        counts: letters by status. reasons: of the refused. results: the first so many.
        more: there are letters that were not looked at, because of `most` or of what one look reads.
    """

    request: str
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    results: Sequence[Result]
    more: bool


def report(request: str, results: Sequence[Result], *, more: bool) -> Report:
    """Count what became of letters."""
    return Report(
        request=request,
        counts=Counter(one.status for one in results),
        reasons=Counter(one.reason for one in results if one.reason),
        results=sorted(results, key=lambda one: (one.part, one.offset))[:MOST],
        more=more,
    )
