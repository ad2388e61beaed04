"""Errors of the SDK, by what the caller can do about them.

SdkError
├── RejectedEvent      the event is wrong and stays wrong: repair it at its source
├── ContractError      a contract file is wrong: repair the named places
├── UnknownContract    no contract for the event type: ask for another, or add one
├── SamplesUnusable    no contract can be drafted from the messages: give others
├── NotConfigured      an address or a log-in is missing: set the named variables
├── Undelivered        not every event was answered; `results` tells which were
│   ├── NotAcknowledged    the hub did not answer in time: send the same later
│   └── HubRefused         the hub refuses access or request: somebody has to change something
├── SpoolFull          the spool holds as much as it may: nothing was taken
└── SpoolUnusable      the spool's file cannot be read or written
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SdkError(Exception):
    """Root of everything the SDK raises."""


class RejectedEvent(SdkError):  # noqa: N818 - a verdict on the input, not a failure of the program
    """An event breaks a rule.

    Attributes:
        reason: stable machine word, as it is counted in ledgers: `parse`, `envelope`, `size`, `time_in_future` …
        attribute: the envelope attribute (or `data.<field>`) that is wrong, empty when the whole event is.
    """

    def __init__(self, reason: str, message: str, attribute: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.attribute = attribute


class ContractError(SdkError):
    """A contract, or a duration in it, is not valid; the message holds one problem per line.

    Attributes:
        problems: each names file, path, value and remedy.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnknownContract(SdkError, KeyError):  # noqa: N818 - an answer, not a failure
    """No contract for an event type."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the message in quotation marks


class SamplesUnusable(SdkError):  # noqa: N818 - a verdict on the input, not a failure of the program
    """No contract can be drafted from the sample messages; the message says why."""


class NotConfigured(SdkError):  # noqa: N818 - an answer, not a failure
    """What a client has to be told is missing or wrong; the message names every variable."""


class Undelivered(SdkError):  # noqa: N818 - an answer, not a failure
    """Not every event was answered. Those without an answer may be written or not: sent again they count once.

    Attributes:
        results: a `client.delivery.Result` per event that was given, in order; `unknown` where there is no answer.
            Empty when it was not events that were asked about.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.results: Sequence[Any] = ()


class NotAcknowledged(Undelivered):
    """The hub did not answer before the deadline."""


class HubRefused(Undelivered):
    """The hub refuses the client or the request as a whole; the same would be refused again.

    Attributes:
        status: of the hub's answer; 0 when it was not HTTP that refused.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class SpoolFull(SdkError):  # noqa: N818 - an answer, not a failure
    """The spool, or its disk, has no room; what was given is not in it."""


class SpoolUnusable(SdkError):  # noqa: N818 - an answer, not a failure
    """The spool's file is none, is damaged, or may not be written."""
