"""Errors of the API, by what the caller can do about them. Each carries its machine word in `extensions.code`.

ApiError
├── InvalidArgument    an argument breaks a rule: repair the named one
├── UnknownKpi         no KPI of that id, or not for this caller: ask for another
├── TooComplex         the document's shape is refused: write a smaller one
├── NoStream           a subscription over a transport for one answer: use another transport
├── TooExpensive       the answer would be too large: ask for fewer or shorter pages
├── Withheld           exact numbers about people, which are for controllers: read what is published
├── ProofUnavailable   a number cannot be opened now: the message says why
│   ├── NotArchived    the archive does not reach that far: wait a minute, or ask for a newer window
│   └── ArchiveBroken  a file of the archive is not what was written: tell the operators
└── TokenExpired       the token ran out on a live connection: get a new one and connect again
"""

from __future__ import annotations

from typing import ClassVar

from graphql import GraphQLError


class ApiError(GraphQLError):
    """Root of everything the API raises on purpose; its message is for the caller."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class InvalidArgument(ApiError):  # noqa: N818 - a verdict on the input, not a failure of the program
    """An argument breaks a rule; the message names it, its value and the remedy."""

    code = "INVALID_ARGUMENT"


class UnknownKpi(ApiError):  # noqa: N818 - an answer
    """No KPI of that id for this caller. Queries answer with a union member instead."""

    code = "UNKNOWN_KPI"


class TooComplex(ApiError):  # noqa: N818 - a verdict on the input
    """Depth, aliases, fragments or tokens exceed the limits."""

    code = "TOO_COMPLEX"


class NoStream(ApiError):  # noqa: N818 - a verdict on the input
    """A subscription needs Server-Sent Events or a WebSocket."""

    code = "NO_STREAM"


class TooExpensive(ApiError):  # noqa: N818 - a verdict on the input
    """The document's cost exceeds the caller's budget."""

    code = "TOO_EXPENSIVE"


class TokenExpired(ApiError):  # noqa: N818 - a state of the world
    """The caller's token has reached its end."""

    code = "TOKEN_EXPIRED"


class ProofUnavailable(ApiError):  # noqa: N818 - a state of the world
    """Nothing is archived, or a number cannot be computed from what is."""

    code = "PROOF_UNAVAILABLE"


class Withheld(ApiError):  # noqa: N818 - an answer
    """What is behind a number about people is not for this caller."""

    code = "WITHHELD"


class NotArchived(ProofUnavailable):
    """What is behind a number is not in the archive, or not yet."""

    code = "ARCHIVE_MISSING"


class ArchiveBroken(ProofUnavailable):
    """The archive does not hold what was written."""

    code = "ARCHIVE_DAMAGED"
