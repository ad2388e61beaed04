"""Errors of the SDK, by what the caller can do about them.

SdkError
└── RejectedEvent    the event is wrong and stays wrong: repair it at its source
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
