"""How archiving goes. A module of its own: whoever only looks at it loads no library of columns."""

from __future__ import annotations

from msgspec import Struct


class Round(Struct, frozen=True):
    """How archiving goes, told after every turn.

    Attributes:
        at_ms: when the turn ended. committed_ms: newest commit, 0 = none by this process.
        behind: judged records that are not archived yet, by topic, where there are any.
        trouble: why a topic is not archived, by topic.
    """

    at_ms: int
    committed_ms: int
    behind: dict[str, int]
    trouble: dict[str, str]
