"""Errors of the sandbox, by what the caller can do about them.

SandboxError
├── SpecRefused       a KPI, inject or replay is not valid: repair the named place
├── TooMuch           a limit of the tenant: ask for less, or take something away first
├── UnknownTenant     there is no such tenant for this organisation
├── UnknownThing      the tenant has no such KPI or inject
└── RoomUnavailable   the tenant's room does not answer: try again
"""

from __future__ import annotations

from cityhub.sdk.text import Text


class SandboxError(Exception):
    """Root of everything this portion raises.

    Args:
        lines: what is wrong, each with place, value and remedy; a str is English only, as validators write it.

    Attributes:
        lines: the same; without German, `de` is "". problems: in English.
    """

    def __init__(self, *lines: Text | str) -> None:
        self.lines = tuple(Text("", one) if isinstance(one, str) else one for one in lines)
        self.problems = tuple(one.en for one in self.lines)
        super().__init__("\n".join(self.problems))


class SpecRefused(SandboxError):  # noqa: N818 - an answer, not a failure
    """What a tenant has written is not valid."""


class TooMuch(SandboxError):  # noqa: N818 - an answer, not a failure
    """More than a tenant may have or ask for; the message names the limit."""


class UnknownTenant(SandboxError):  # noqa: N818 - an answer, not a failure
    """No tenant of that name belongs to the caller's organisation."""


class UnknownThing(SandboxError):  # noqa: N818 - an answer, not a failure
    """The tenant has no such KPI or inject."""


class RoomUnavailable(SandboxError):  # noqa: N818 - a state of the world
    """The tenant's room cannot answer now."""
