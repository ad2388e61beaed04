"""What the audit trail says of letters: driven in, begun, or not; and how often an event's id was driven in."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cityhub.bus.audit_trail import DONE, Deed
from cityhub.bus.letters import Letter
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event

MOST_REPLAYS = 3
"""Of one event: what was refused so often is looked at by people."""


class Standing(Struct, frozen=True):
    """Where a letter stands.

    Attributes:
        state: `open`, `wanted` (begun, and nobody knows what was written) or `redriven`.
        last: the newest deed about it, None of an open one.
    """

    state: str
    last: Deed | None = None


class Past:
    """The trail of one partner.

    Args:
        deeds: of each letter the newest, oldest first.
    """

    def __init__(self, deeds: Iterable[Deed]) -> None:
        self._of_letter: dict[str, Deed] = {}
        self._of_event: dict[tuple[str, str], dict[str, Deed]] = {}
        for deed in deeds:
            self.note(deed)

    def note(self, deed: Deed) -> None:
        """One more deed."""
        self._of_letter[deed.origin] = deed
        self._of_event.setdefault((deed.source, deed.id), {})[deed.origin] = deed

    def standing(self, letter: Letter) -> Standing:
        """What became of a letter so far."""
        deed = self._of_letter.get(letter.origin)
        if deed is None:
            return Standing("open")
        return Standing("redriven" if deed.what == DONE else "wanted", deed)

    def replay(self, letter: Letter, event: Event) -> int:
        """The how-manieth time it would be that the letter's event is driven in.

        Args:
            event: as it would be written.

        Raises:
            RejectedEvent: `unfinished`, `superseded` or `loop`; it is not to be driven in again.
        """
        deeds = self._of_event.get((event.source, event.id), {})
        own = deeds.get(letter.origin)
        if own and own.after != event.contenthash:
            raise RejectedEvent(
                "unfinished",
                f"request {own.request} may have written it with other content; repeat the same edit, it counts once",
            )
        others = [deed for origin, deed in deeds.items() if origin != letter.origin]
        _check_newest(letter, others)
        number = max(letter.attempt, len(others) + 1)
        if number > MOST_REPLAYS:
            raise RejectedEvent(
                "loop",
                f"it was driven in {number - 1} times and refused each time; {MOST_REPLAYS} times is the most. Ask the "
                "hub's operator why the engine refuses it",
            )
        return number


def _check_newest(letter: Letter, others: list[Deed]) -> None:
    """Refuse when the same id was driven in from another letter, unless this letter is about just that record."""
    if not others:
        return
    last = others[-1]
    if last.what == DONE and letter.origin == f"{last.topic}/{last.partition}/{last.position}":
        return
    raise RejectedEvent(
        "superseded",
        f"its id was driven in already, from letter {last.part}/{last.offset}; the first content counts. For another "
        "content send it through a door with another version, and with it another id",
    )
