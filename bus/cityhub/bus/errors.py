"""Errors of the bus, by what the caller can do about them.

BusError
├── BusUnavailable     the broker does not answer: try again, nothing was acknowledged
├── BusRefused         the broker answered "no": credentials, permission, topic; do not try again unchanged
└── LogBroken          the log is not the one the store has read: stop, a person decides
"""

from __future__ import annotations


class BusError(Exception):
    """Root of everything the bus raises."""


class BusUnavailable(BusError):  # noqa: N818 - a state of the world
    """The broker cannot be reached or did not acknowledge in time."""


class BusRefused(BusError):  # noqa: N818 - a state of the world
    """The broker refused for good."""


class LogBroken(BusError):  # noqa: N818 - a state of the world
    """Offsets are missing, or the topic was recreated under a store that has read it."""
