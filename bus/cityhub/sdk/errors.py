"""Errors of the SDK, by what the caller can do about them.

SdkError
├── RejectedEvent      the event is wrong and stays wrong: repair it at its source
├── ContractError      a contract file is wrong: repair the named places
├── UnknownContract    no contract for the event type: ask for another, or add one
└── SamplesUnusable    no contract can be drafted from the messages: give others
"""

from __future__ import annotations


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
