"""Errors of the adapters, by what the caller can do about them.

    AdapterError
    ├── FeedFault            the partner's answer cannot be used: keep the last good data, ask again later
    │   └── CursorExpired    the partner no longer knows our position: start again without one
    ├── StateUnavailable     adapters.db cannot be used: stop, a person makes room or repairs it
    ├── WrongMapping         a mapping file of a table is wrong: mend the named places
    ├── UploadRefused        a table that somebody hands in is not taken: the message says what to do
    └── UploadsAway          its folder cannot be used: the operator gives it to the web server

A single bad item is not an error but a `reject.Reject`: data, counted, its neighbours go on.
"""

from __future__ import annotations


class AdapterError(Exception):
    """Root of everything this portion raises."""


class FeedFault(AdapterError):  # noqa: N818 - a state of the partner's system
    """A whole answer is unusable.

    Attributes:
        reason: stable machine word, as it is counted: `unreachable`, `timeout`, `http_status`, `content_type` …
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CursorExpired(FeedFault):
    """The partner refused the cursor for good."""


class StateUnavailable(AdapterError):  # noqa: N818 - a state of the world
    """The adapters' database cannot be read or written, or another process writes it."""


class WrongMapping(AdapterError):  # noqa: N818 - a state of a file
    """A mapping file cannot work; the message has a line per problem."""


class UploadRefused(AdapterError):  # noqa: N818 - an answer, not a failure
    """A table is not taken.

    Attributes:
        reason: stable machine word: `unknown`, `empty`, `too_large`, `columns`, `full`, `busy`, `gone`, `committed`,
            `nothing_in_it`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UploadsAway(AdapterError):  # noqa: N818 - a state of the world
    """The folder of a feed cannot be read or written by this process."""


def said(error: BaseException) -> str:
    """What an error says, or its class where it says nothing, as those of a broken connection do."""
    return str(error) or type(error).__name__
